# file-too-large: five million bytes
printf 'cordon 1\n'
head -c 5000000 /dev/zero | tr '\0' '\n'

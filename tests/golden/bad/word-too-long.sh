# word-too-long: a path that is longer than any path can be
printf 'cordon 1\n\nprofile p {\n  file read /'
head -c 5000 /dev/zero | tr '\0' a
printf '\n}\n'

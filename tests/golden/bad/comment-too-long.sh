# comment-too-long: a comment longer than a word may be
printf 'cordon 1\n\nprofile p {\n  # '
head -c 5000 /dev/zero | tr '\0' a
printf '\n}\n'

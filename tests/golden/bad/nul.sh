# nul: a NUL byte, as in a program
printf 'cordon 1\n\nprofile p {\n  file read /a\000b\n}\n'

# control: an escape sequence that a terminal would obey
printf 'cordon 1\n\nprofile p {\n  file read /a\033[2K\n  file read /b\177\n}\n'

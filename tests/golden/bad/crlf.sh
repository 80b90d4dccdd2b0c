# crlf: lines from another system
printf 'cordon 1\r\n\r\nprofile p {\r\n  file read /a\r\n}\r\n'

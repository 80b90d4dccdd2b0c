# encoding: Latin-1, and a sequence that is too long
printf 'cordon 1\n\nprofile p {\n  file read /caf\351 /\300\257\n}\n'

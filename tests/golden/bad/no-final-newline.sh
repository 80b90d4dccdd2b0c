# no-final-newline: an error in a last line without end
printf 'cordon 1\n\nprofile p {\n}\nprofil'

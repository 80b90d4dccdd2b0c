# byte-order-mark: a byte order mark
printf '\357\273\277cordon 1\n\nprofile p {\n}\n'

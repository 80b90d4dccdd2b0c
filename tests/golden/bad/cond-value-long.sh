# cond-value-long: a value that becomes too long by joining
printf 'cordon 1\n\nprofile p {\n  syscall a if x == 0'
for _ in 1 2; do
	printf ' | '
	head -c 3000 /dev/zero | tr '\0' a
done
printf '\n}\n'

# line-too-long: one line of many words
printf 'cordon 1\n\nprofile p {\n  file read'
for i in 1 2 3 4 5 6 7 8; do
	for j in 1 2 3 4 5; do
		printf ' /%s%s' "$i" "$j"
		head -c 2000 /dev/zero | tr '\0' a
	done
done
printf '\n}\n'

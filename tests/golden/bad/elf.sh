# elf: a program instead of a policy
printf '\177ELF\002\001\001\000\000\000'

/* test_tables.c - lint of the platform tables, and their look-ups. */
#include "platform/tables.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "platform/tables_data.h"
#include "tests/harness/tap.h"

/* A failed check in a loop over rows says which row. */
static void check_row(bool held, const char *table, const char *row, const char *what)
{
	if (!held)
		fprintf(stderr, "# %s %s: %s\n", table, row, what);
	CHECK(held);
}

static const struct call_row *call(const char *name)
{
	int id = call_find(name);

	if (id < 0)
		fprintf(stderr, "# no call %s\n", name);
	REQUIRE(id >= 0);
	return &call_table[id];
}

static uint64_t flag(const char *set_name, const char *name, enum arch arch)
{
	const struct flag_set *set = flag_set_find(set_name);
	uint64_t value = 0;

	REQUIRE(set != NULL);
	if (!flag_value_find(set, name, arch, &value))
		fprintf(stderr, "# no %s in %s\n", name, set_name);
	REQUIRE(flag_value_find(set, name, arch, &value));
	return value;
}

/* ---- calls ---- */

TEST(calls_are_found_by_name)
{
	for (size_t i = 0; i < call_count; i++) {
		check_row(!i || strcmp(call_table[i - 1].name, call_table[i].name) < 0, "call", call_table[i].name,
			  "order");
		check_row(call_find(call_table[i].name) == (int)i, "call", call_table[i].name, "not found");
	}
	CHECK_INT(call_find(""), -1);
	CHECK_INT(call_find("zzz"), -1);
	CHECK_INT(call_find("opena"), -1);
}

TEST(calls_are_found_by_number_on_every_architecture)
{
	for (int arch = 0; arch < ARCH_COUNT; arch++) {
		size_t found = 0, rows = 0;

		for (uint32_t nr = 0; nr < arch_table[arch].nr_end + 100; nr++) {
			int id = call_find_nr((enum arch)arch, nr);

			if (id < 0)
				continue;
			found++;
			check_row(call_table[id].nr[arch] == (int)nr, "call", call_table[id].name, "wrong number");
		}
		for (size_t i = 0; i < call_count; i++)
			rows += call_table[i].nr[arch] != CALL_NR_NONE;
		CHECK_INT(found, rows);
		CHECK_INT(call_find_nr((enum arch)arch, UINT32_MAX), -1);
		CHECK_INT(call_find_nr((enum arch)arch, X32_SYSCALL_BIT), -1);
		CHECK(call_find_nr((enum arch)arch, arch_table[arch].nr_end - 1) >= 0);
	}
	CHECK_STR(arch_table[arch_native()].name, arch_native() == ARCH_X86_64 ? "x86_64" : "aarch64");
	CHECK_INT(call("openat")->nr[arch_native()], SYS_openat);
}

/* 6.18 ends at file_setattr; listns (470) came after it. */
TEST(the_newest_calls_are_those_of_6_18)
{
	CHECK_INT(call("file_setattr")->nr[ARCH_X86_64], 469);
	CHECK_INT(call("file_setattr")->nr[ARCH_AARCH64], 469);
	CHECK_STR(call("uprobe")->since, "6.18");
	CHECK_INT(call("uprobe")->nr[ARCH_X86_64], 336);
	CHECK_INT(call("uprobe")->nr[ARCH_I386], CALL_NR_NONE);
	CHECK_INT(call("rt_sigaction")->nr[ARCH_X32], 512);
	CHECK_INT(call_find("listns"), -1);
	CHECK_INT(call_find_nr(ARCH_X86_64, 470), -1);
}

TEST(numbers_of_x32_and_x86_64)
{
	const uint32_t both = 1U << ARCH_X86_64 | 1U << ARCH_X32;

	CHECK_INT(call_nr_arch(ARCH_X32, 39, both), ARCH_X32);    /* getpid */
	CHECK_INT(call_nr_arch(ARCH_X32, 16, both), ARCH_X86_64); /* ioctl, 514 on x32 */
	CHECK_INT(call_nr_arch(ARCH_X32, 16, 1U << ARCH_X32), ARCH_X32);
	CHECK_INT(call_nr_arch(ARCH_X32, 514, both), ARCH_X32);
	CHECK_INT(call_nr_arch(ARCH_X32, 600, both), ARCH_X32);
	CHECK_INT(call_nr_arch(ARCH_X86_64, 514, both), ARCH_X86_64);
	CHECK_INT(call_nr_arch(ARCH_I386, 16, both), ARCH_I386);
}

TEST(every_call_has_a_class_and_typed_arguments)
{
	for (size_t i = 0; i < call_count; i++) {
		const struct call_row *row = &call_table[i];

		check_row(row->class < CLASS_COUNT, "call", row->name, "class");
		check_row(row->since[0] >= '2' && row->since[0] <= '6', "call", row->name, "since");
		check_row(row->arg_count <= 6, "call", row->name, "too many arguments");
		for (unsigned j = 0; j < row->arg_count; j++) {
			const struct call_arg *arg = &call_args(row)[j];

			check_row(arg->name[0] && call_arg_type(arg)->name[0], "call", row->name,
				  "argument without name or type");
			for (unsigned model = 0; model < 2; model++) {
				unsigned bits = call_arg_type(arg)->bits[model];

				check_row(bits == 16 || bits == 32 || bits == 64, "type", call_arg_type(arg)->name,
					  "width");
			}
			check_row(call_arg_type(arg)->kind != ARG_POINTER || !call_arg_set(arg), "call", row->name,
				  "a pointer has no names");
		}
	}
}

/* The kernel reads less of a register than its prototype says, or more than the C library passes. */
TEST(T13_widths_are_those_of_the_kernel)
{
	static const struct {
		const char *call;
		unsigned arg;
		enum arch arch;
		unsigned bits;
	} rows[] = {
		{ "clone", 0, ARCH_X86_64, 32 },  { "clone", 0, ARCH_AARCH64, 32 },
		{ "mmap", 2, ARCH_X86_64, 64 },   { "mmap", 3, ARCH_X86_64, 64 },
		{ "mmap", 4, ARCH_X86_64, 32 },   { "mprotect", 2, ARCH_I386, 32 },
		{ "mprotect", 2, ARCH_X32, 64 },  { "chmod", 1, ARCH_X86_64, 16 },
		{ "openat", 2, ARCH_X86_64, 32 }, { "openat", 3, ARCH_X86_64, 16 },
		{ "setuid", 0, ARCH_X86_64, 32 }, { "setuid", 0, ARCH_X32, 32 },
		{ "setuid", 0, ARCH_I386, 16 },   { "lseek", 1, ARCH_X86_64, 64 },
		{ "lseek", 1, ARCH_I386, 32 },    { "readv", 0, ARCH_X86_64, 32 },
		{ "ioctl", 1, ARCH_X86_64, 32 },  { "ioctl", 2, ARCH_X86_64, 64 },
		{ "ioctl", 2, ARCH_X32, 32 },     { "ptrace", 0, ARCH_X86_64, 64 },
		{ "ptrace", 1, ARCH_X86_64, 32 }, { "prlimit64", 0, ARCH_X86_64, 32 },
		{ "socket", 0, ARCH_X86_64, 32 }, { "unshare", 0, ARCH_X86_64, 64 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned bits = call_arg_bits(call(rows[i].call), rows[i].arg, rows[i].arch);

		check_row(bits == rows[i].bits, arch_table[rows[i].arch].name, rows[i].call, "width");
	}
	CHECK(call_arg_type(&call_args(call("kill"))[0])->is_signed);
	CHECK(!call_arg_type(&call_args(call("chmod"))[1])->is_signed);
	CHECK_INT(call_arg_type(&call_args(call("dup2"))[1])->kind, ARG_FD);
}

TEST(arguments_that_are_split_or_in_memory_are_not_stable)
{
	static const char *const unstable_i386[] = {
		"mmap",         "select",     "socketcall",      "ipc",           "pread64",
		"pwrite64",     "truncate64", "ftruncate64",     "fallocate",     "fadvise64",
		"fadvise64_64", "readahead",  "sync_file_range", "fanotify_mark", "lookup_dcookie"
	};
	static const char *const stable_i386[] = {
		"openat", "clone", "mmap2", "_llseek", "ioctl", "preadv2", "sendto"
	};

	for (size_t i = 0; i < ARRAY_SIZE(unstable_i386); i++)
		check_row(!call_args_stable(call(unstable_i386[i]), ARCH_I386), "i386", unstable_i386[i], "stable?");
	for (size_t i = 0; i < ARRAY_SIZE(stable_i386); i++)
		check_row(call_args_stable(call(stable_i386[i]), ARCH_I386), "i386", stable_i386[i], "unstable?");
	for (size_t i = 0; i < call_count; i++) {
		CHECK(call_args_stable(&call_table[i], ARCH_X86_64));
		CHECK(call_args_stable(&call_table[i], ARCH_AARCH64));
	}
	CHECK(!call_args_stable(call("pwritev2"), ARCH_X32));
	CHECK(call_args_stable(call("pread64"), ARCH_X32));
}

/* ---- classes and pins ---- */

static void check_class(const char *const *names, size_t count, enum call_class class)
{
	for (size_t i = 0; i < count; i++)
		check_row(call(names[i])->class == class, "call", names[i], "class");
}

TEST(classes_are_those_of_the_policy_language)
{
	static const char *const basic[] = { "read",  "mmap", "futex",      "stat",   "readlink",
					     "clone", "kill", "socketpair", "sendmsg" };
	static const char *const typed[] = { "open",     "openat",  "openat2",    "creat",  "unlink",   "rename",
					     "chmod",    "chown",   "setxattr",   "socket", "bind",     "connect",
					     "listen",   "accept4", "setsockopt", "execve", "execveat", "ioctl",
					     "truncate", "mknod",   "utimensat" };
	static const char *const privileged[] = { "setuid",        "setgroups",     "capset",       "chroot", "shmget",
						  "mq_open",       "syslog",        "reboot",       "swapon", "iopl",
						  "clock_settime", "inotify_init1", "fanotify_init" };
	static const char *const dangerous[] = {
		"bpf",
		"io_uring_setup",
		"userfaultfd",
		"ptrace",
		"kexec_load",
		"init_module",
		"finit_module",
		"keyctl",
		"add_key",
		"perf_event_open",
		"mount",
		"fsopen",
		"move_mount",
		"open_tree",
		"open_tree_attr",
		"pivot_root",
		"umount2",
		"unshare",
		"setns",
		"clone3",
		"pidfd_getfd",
		"kcmp",
		"process_vm_readv",
		"process_vm_writev",
		"process_madvise",
		"open_by_handle_at",
		"memfd_create",
		"memfd_secret",
		"mount_setattr",
		"process_mrelease",
	};

	check_class(basic, ARRAY_SIZE(basic), CLASS_BASIC);
	check_class(typed, ARRAY_SIZE(typed), CLASS_TYPED);
	check_class(privileged, ARRAY_SIZE(privileged), CLASS_PRIVILEGED);
	check_class(dangerous, ARRAY_SIZE(dangerous), CLASS_DANGEROUS);
	CHECK_INT(call("clone3")->deny_errno, ENOSYS);
	CHECK_INT(call("openat2")->deny_errno, ENOSYS);
	CHECK_INT(call("getxattr")->deny_errno, EOPNOTSUPP);
	CHECK_INT(call("openat")->deny_errno, 0);
}

static bool names_somebody(const struct call_arg *arg)
{
	static const char *const types[] = { "pid", "who", "sockaddr" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcmp(call_arg_type(arg)->name, types[i]))
			return true;
	}
	return false;
}

TEST(T11_basic_calls_that_can_name_somebody_are_pinned)
{
	static const char *const pinned[] = { "prlimit64",
					      "sched_setscheduler",
					      "sched_setaffinity",
					      "sched_setattr",
					      "setpriority",
					      "ioprio_set",
					      "fcntl",
					      "fcntl64",
					      "socketpair",
					      "sendto",
					      "sendmsg",
					      "sendmmsg",
					      "clone",
					      "move_pages",
					      "migrate_pages",
					      "prctl",
					      "seccomp",
					      "personality",
					      "get_robust_list" };

	for (size_t i = 0; i < call_count; i++) {
		const struct call_row *row = &call_table[i];

		for (unsigned j = 0; row->class == CLASS_BASIC && j < row->arg_count; j++)
			check_row(!names_somebody(&call_args(row)[j]) || row->pin, "call", row->name, "needs a pin");
		check_row(!row->pin || row->class == CLASS_BASIC, "call", row->name, "only basic calls have pins");
	}
	for (size_t i = 0; i < ARRAY_SIZE(pinned); i++)
		check_row(call_pin(call(pinned[i])) != NULL, "call", pinned[i], "needs a pin");
	CHECK(!strstr(call_pin(call("fcntl")), "F_SETOWN "));
	CHECK(!strstr(call_pin(call("fcntl")), "F_SETSIG "));
	CHECK(!strstr(call_pin(call("clone")), "CLONE_NEW"));
	CHECK(!strstr(call_pin(call("clone")), "CLONE_PARENT|"));
	CHECK(!strstr(call_pin(call("prctl")), "PR_SET_MM "));
	CHECK(!strstr(call_pin(call("pwritev2")), "RWF_NOAPPEND"));
}

TEST(weights_are_shares_of_a_whole)
{
	unsigned sum = 0;

	for (size_t i = 0; i < call_count; i++)
		sum += call_table[i].weight;
	CHECK(sum >= 9500 && sum <= 10000);
	CHECK(call("read")->weight > call("openat")->weight);
	CHECK_INT(call("reboot")->weight, 0);
}

/* ---- groups ---- */

TEST(groups_hold_existing_calls_in_order)
{
	size_t in_classes = 0;

	for (size_t i = 0; i < call_group_count; i++) {
		const struct call_group *group = &call_groups[i];

		check_row(!i || strcmp(call_groups[i - 1].name, group->name) < 0, "group", group->name, "order");
		check_row(call_group_find(group->name) == group, "group", group->name, "not found");
		check_row(group->count > 0 && group->help[0], "group", group->name, "empty");
		for (unsigned j = 0; j < group->count; j++) {
			check_row(group->calls[j] < call_count, "group", group->name, "member");
			check_row(!j || group->calls[j - 1] < group->calls[j], "group", group->name,
				  "order of members");
		}
	}
	static const char *const classes[CLASS_COUNT] = { "@basic", "@typed", "@privileged", "@dangerous" };
	for (int class = 0; class < CLASS_COUNT; class ++) {
		const struct call_group *group = call_group_find(classes[class]);

		REQUIRE(group != NULL);
		in_classes += group->count;
		for (unsigned j = 0; j < group->count; j++)
			CHECK_INT(call_table[group->calls[j]].class, class);
	}
	CHECK_INT(in_classes, call_count);
	CHECK(call_group_find("@network") != NULL);
	CHECK(call_group_find("network") == NULL);
}

/* ---- flag sets ---- */

static void check_set(const struct flag_set *set)
{
	for (int arch = 0; arch < ARCH_COUNT; arch++) {
		uint64_t known = 0;

		for (unsigned i = 0; i < set->count; i++) {
			bool has = flag_set_values(set)[i].arches >> arch & 1;
			uint64_t value = 0;

			check_row(flag_value_find(set, flag_value_name(&flag_set_values(set)[i]), (enum arch)arch,
						  &value) == has,
				  "set", set->name, flag_value_name(&flag_set_values(set)[i]));
			known |= value;
		}
		check_row(known == set->known[arch], "set", set->name, "known bits");
	}
	for (unsigned i = 0; i < set->count; i++) {
		check_row(flag_set_having(flag_value_name(&flag_set_values(set)[i])) != NULL, "set", set->name,
			  flag_value_name(&flag_set_values(set)[i]));
		for (unsigned j = 0; j < i; j++)
			check_row(strcmp(flag_value_name(&flag_set_values(set)[i]),
					 flag_value_name(&flag_set_values(set)[j])) != 0,
				  "set", set->name, "name twice");
	}
}

TEST(flag_sets_know_their_values)
{
	for (size_t i = 0; i < flag_set_count; i++) {
		check_row(!i || strcmp(flag_sets[i - 1].name, flag_sets[i].name) < 0, "set", flag_sets[i].name,
			  "order");
		check_row(flag_set_find(flag_sets[i].name) == &flag_sets[i], "set", flag_sets[i].name, "not found");
		check_set(&flag_sets[i]);
	}
	CHECK(flag_set_find("nothing") == NULL);
	CHECK(flag_set_having("O_NOTHING") == NULL);
}

TEST(a_name_has_one_value_in_all_sets)
{
	for (size_t i = 0; i < flag_name_count; i++) {
		const char *name = flag_texts + flag_names[i].name;

		check_row(!i || strcmp(flag_texts + flag_names[i - 1].name, name) < 0, "flag", name, "order");
		for (size_t j = 0; j < flag_set_count; j++) {
			uint64_t first = 0, other = 0;

			if (flag_value_find(&flag_sets[j], name, ARCH_X86_64, &other) &&
			    flag_value_find(&flag_sets[flag_names[i].set], name, ARCH_X86_64, &first))
				check_row(first == other, "flag", name, flag_sets[j].name);
		}
	}
}

TEST(flag_values_differ_between_architectures_where_the_kernel_says_so)
{
	uint64_t value = 77;

	CHECK_INT(flag("open", "O_DIRECT", ARCH_X86_64), 0x4000);
	CHECK_INT(flag("open", "O_DIRECT", ARCH_I386), 0x4000);
	CHECK_INT(flag("open", "O_DIRECT", ARCH_AARCH64), 0x10000);
	CHECK_INT(flag("open", "O_LARGEFILE", ARCH_X86_64), 0x8000);
	CHECK(!flag_value_find(flag_set_find("mmap_flags"), "MAP_32BIT", ARCH_AARCH64, &value));
	CHECK_INT(value, 77);
	CHECK_INT(flag("ioctl", "FS_IOC_GETFLAGS", ARCH_X86_64), 0x80086601);
	CHECK_INT(flag("ioctl", "FS_IOC_GETFLAGS", ARCH_I386), 0x80046601);
	CHECK_INT(flag("signal", "SIGKILL", ARCH_X86_64), SIGKILL);
	CHECK_INT((int32_t)flag("dirfd", "AT_FDCWD", ARCH_X86_64), -100);
	/* every bit that clone reads has a name: none can pass as unknown */
	CHECK_INT(flag_set_find("clone")->known[ARCH_X86_64], 0xffffffff);
	CHECK(flag_set_find("socket_type")->is_bits);
	CHECK(!flag_set_find("fcntl")->is_bits);
}

/* ---- names of numbers ---- */

static const struct named_table *const named_tables[] = { &errno_table, &signal_table, &capability_table, &ioctl_table,
							  &rlimit_table };

TEST(named_tables_have_each_name_once)
{
	for (size_t t = 0; t < ARRAY_SIZE(named_tables); t++) {
		const struct named_table *table = named_tables[t];

		CHECK(table->count > 0);
		for (size_t i = 0; i < table->count; i++) {
			uint64_t value = 0;

			check_row(named_find(table, table->rows[i].name, &value) && value == table->rows[i].value,
				  table->title, table->rows[i].name, "found with another value");
			check_row(named_name(table, table->rows[i].value) != NULL, table->title, table->rows[i].name,
				  "no name");
		}
	}
	for (size_t i = 0; i < capability_table.count; i++)
		CHECK_INT(capability_table.rows[i].value, i);
	for (size_t i = 0; i < rlimit_table.count; i++)
		CHECK_INT(rlimit_table.rows[i].value, i);
	CHECK_INT(capability_table.count, 41);
}

TEST(named_numbers_print_under_their_usual_name)
{
	uint64_t value = 5;

	CHECK_STR(named_name(&errno_table, EAGAIN), "EAGAIN");
	CHECK_STR(named_name(&errno_table, EDEADLK), "EDEADLK");
	CHECK_STR(named_name(&signal_table, SIGABRT), "SIGABRT");
	CHECK_STR(named_name(&capability_table, 10), "net_bind_service");
	CHECK_STR(named_name(&rlimit_table, 7), "nofile");
	CHECK_STR(named_name(&ioctl_table, 0x5412), "TIOCSTI");
	CHECK(named_name(&errno_table, 4096) == NULL);
	CHECK(!named_find(&errno_table, "ENOTHING", &value));
	CHECK_INT(value, 5);
}

TEST(misspelt_names_find_their_neighbour)
{
	CHECK_STR(call_suggest("opennat"), "openat");
	CHECK(call_suggest("completely-unlike-anything") == NULL);
	CHECK_STR(named_suggest(&errno_table, "EPREM"), "EPERM");
	CHECK_STR(named_suggest(&capability_table, "net_bind_servic"), "net_bind_service");
	CHECK(named_suggest(&signal_table, "qqqqqqqq") == NULL);
}

/* ---- the rest ---- */

TEST(landlock_rights_grow_with_the_abi)
{
	CHECK_INT(landlock_known(LANDLOCK_FS, 0), 0);
	CHECK_INT(landlock_known(LANDLOCK_FS, 1), 0x1fff);
	CHECK_INT(landlock_known(LANDLOCK_FS, 2), 0x3fff);
	CHECK_INT(landlock_known(LANDLOCK_FS, 3), 0x7fff);
	CHECK_INT(landlock_known(LANDLOCK_FS, 4), 0x7fff);
	CHECK_INT(landlock_known(LANDLOCK_FS, 7), 0xffff);
	CHECK_INT(landlock_known(LANDLOCK_NET, 3), 0);
	CHECK_INT(landlock_known(LANDLOCK_NET, 4), 3);
	CHECK_INT(landlock_known(LANDLOCK_SCOPE, 5), 0);
	CHECK_INT(landlock_known(LANDLOCK_SCOPE, 6), 3);
	for (size_t i = 0; i < landlock_right_count; i++) {
		const struct landlock_right *right = &landlock_rights[i];

		check_row(right->abi >= 1 && right->abi <= 7, "landlock", right->name, "abi");
		check_row(right->kind == LANDLOCK_FS || !right->applies_file, "landlock", right->name, "applies_file");
	}
}

TEST(embedded_texts_and_diagnostics_are_found)
{
	for (size_t i = 0; i < embedded_text_count; i++) {
		CHECK(embedded_find(embedded_texts[i].name) == &embedded_texts[i]);
		CHECK_INT(strlen(embedded_texts[i].text), embedded_texts[i].size);
	}
	CHECK(embedded_find("nothing") == NULL);
	for (size_t i = 0; i < diag_info_count; i++) {
		CHECK(diag_info_find(diag_infos[i].code) == &diag_infos[i]);
		check_row(diag_infos[i].title[0] && diag_infos[i].explain[0], "diagnostic", diag_infos[i].code,
			  "no text");
	}
	CHECK(diag_info_find("C9999") == NULL);
}

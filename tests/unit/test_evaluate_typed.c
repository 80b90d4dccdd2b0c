/* test_evaluate_typed.c - typed rules: what file, exec, net, signal and ioctl rules match. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/model.h"
#include "tap.h"

#define ALLOW                         \
	{                             \
		.kind = VERDICT_ALLOW \
	}
#define ASK                         \
	{                           \
		.kind = VERDICT_ASK \
	}
#define DENY                         \
	{                            \
		.kind = VERDICT_DENY \
	}
#define DENY_WITH(number)                               \
	{                                               \
		.kind = VERDICT_DENY, .error = (number) \
	}
#define KILL                         \
	{                            \
		.kind = VERDICT_KILL \
	}

static bool same(struct verdict a, struct verdict b)
{
	return CHECK_INT(a.kind, b.kind) && CHECK_INT(a.error, b.error);
}

#define SAME(actual, ...) same((actual), (struct verdict)__VA_ARGS__)

static struct patterns patterns(struct arena *arena, const char *text)
{
	struct patterns list = { 0 };
	const char *why;

	while (text && *text) {
		const size_t size = strcspn(text, " ");

		REQUIRE(pattern_parse(arena, arena_strndup(arena, text, size), arena_push(arena, &list), &why) == 0);
		text += size + (text[size] == ' ');
	}
	return list;
}

static struct rule file_rule(struct arena *arena, struct verdict verdict, uint32_t operations, const char *objects,
			     const char *excepts)
{
	return (struct rule){ .verdict = verdict,
			      .class = REQUEST_FILE,
			      .operations = operations,
			      .phase = PHASE_NONE,
			      .objects = patterns(arena, objects),
			      .excepts = patterns(arena, excepts) };
}

TEST(files)
{
	struct arena *arena = arena_new(0);
	struct rule rules[] = {
		file_rule(arena, (struct verdict)ALLOW, FILE_READ, "/etc/** /usr/*/x", "/etc/shadow"),
		file_rule(arena, (struct verdict)ALLOW, FILE_EDIT, "/srv/**", NULL),
		file_rule(arena, (struct verdict)DENY_WITH(EROFS), FILE_WRITE, "/srv/**", "/srv/log"),
		file_rule(arena, (struct verdict)ASK, FILE_DELETE, NULL, "/tmp/**"), /* no object: all */
	};
	struct layer layer = { .rules = { rules, ARRAY_SIZE(rules), 0 } };
	static const struct {
		uint32_t operation;
		const char *path;
		struct verdict verdict;
		long rule;
	} rows[] = {
		{ FILE_READ, "/etc/passwd", ALLOW, 0 },
		{ FILE_READ, "/etc/shadow", DENY, -1 },
		{ FILE_WRITE, "/etc/passwd", DENY, -1 },
		{ FILE_READ, "/usr/a/x", ALLOW, 0 },
		{ FILE_READ, "/usr/a/y", DENY, -1 },
		{ FILE_READ, "/srv/a", ALLOW, 1 },
		{ FILE_WRITE, "/srv/a", DENY_WITH(EROFS), 2 },
		{ FILE_WRITE, "/srv/log", ALLOW, 1 },
		{ FILE_EDIT, "/srv/log", ASK, 3 }, /* as its strongest part */
		{ FILE_EDIT, "/srv/a", DENY_WITH(EROFS), 2 },
		{ FILE_DELETE, "/anything", ASK, 3 },
		{ FILE_DELETE, "/tmp/x", DENY, -1 },
		{ FILE_READ, NULL, DENY, -1 },
		{ FILE_DELETE, NULL, ASK, 3 },
		{ 0, "/etc/passwd", DENY, -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct request request = {
			.class = REQUEST_FILE, .operation = rows[i].operation, .path = rows[i].path, .phase = PHASE_NONE
		};
		long rule;

		if (!same(layer_decide(&layer, &request, &rule), rows[i].verdict) || !CHECK_INT(rule, rows[i].rule))
			fprintf(stderr, "# row %zu\n", i);
	}
	arena_free(arena);
}

TEST(exec_is_a_class_of_its_own)
{
	struct arena *arena = arena_new(0);
	struct rule rules[] = {
		{ .verdict = ALLOW, .class = REQUEST_EXEC, .phase = PHASE_NONE, .objects = patterns(arena, "/bin/*") },
		{ .verdict = ALLOW,
		  .class = REQUEST_FILE,
		  .operations = FILE_ALL,
		  .phase = PHASE_NONE,
		  .objects = patterns(arena, "/**") },
	};
	struct layer layer = { .rules = { rules, ARRAY_SIZE(rules), 0 },
			       .defaults[REQUEST_EXEC] = { .written = true, .verdict = KILL } };
	const struct request good = { .class = REQUEST_EXEC, .path = "/bin/sh", .phase = PHASE_NONE };
	const struct request read = { .class = REQUEST_FILE, .operation = FILE_READ, .path = "/bin/sh" };
	const struct request write = { .class = REQUEST_FILE, .operation = FILE_WRITE, .path = "/bin/sh" };
	const struct request bad = { .class = REQUEST_EXEC, .path = "/sbin/sh", .phase = PHASE_NONE };

	SAME(layer_decide(&layer, &good, NULL), ALLOW);
	SAME(layer_decide(&layer, &bad, NULL), KILL);
	/* the other way round there is one thing: the kernel opens what it executes for reading */
	layer.rules.count = 1;
	SAME(layer_decide(&layer, &read, NULL), ALLOW);
	SAME(layer_decide(&layer, &write, NULL), DENY);
	arena_free(arena);
}

/* ---- net ---- */

static struct net_address inet4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint8_t prefix, uint16_t port)
{
	return (struct net_address){ .prefix = prefix, .bytes = { a, b, c, d }, .port_first = port, .port_last = port };
}

static struct net_address inet6(const uint8_t bytes[16], uint8_t prefix, uint16_t port)
{
	struct net_address address = { .ipv6 = true, .prefix = prefix, .port_first = port, .port_last = port };

	memcpy(address.bytes, bytes, 16);
	return address;
}

static struct net_address any_inet(uint16_t first, uint16_t last)
{
	return (struct net_address){ .any_address = true, .port_first = first, .port_last = last };
}

/* Verdict of a layer with one rule on one address (and one exception). */
static enum verdict_kind net_verdict(enum verdict_kind kind, struct net_address rule_address,
				     const struct net_address *except, struct net_address asked)
{
	struct net_address excepts[1] = { except ? *except : asked };
	struct rule rule = { .verdict.kind = kind,
			     .class = REQUEST_NET,
			     .operations = NET_CONNECT,
			     .phase = PHASE_NONE,
			     .protocol = NET_TCP,
			     .addresses = { &rule_address, 1, 0 },
			     .except_addresses = { excepts, except ? 1 : 0, 0 } };
	struct layer layer = { .rules = { &rule, 1, 0 } };
	struct request request = { .class = REQUEST_NET,
				   .operation = NET_CONNECT,
				   .protocol = NET_TCP,
				   .address = asked,
				   .phase = PHASE_NONE };

	return layer_decide(&layer, &request, NULL).kind;
}

TEST(net_addresses)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, 10, 1, 2, 3 }, other6[16] = { 0x20, 1 };
	static const uint8_t nothing6[16];
	const struct {
		struct net_address rule, asked;
		bool covers, touches;
	} rows[] = {
		{ inet4(10, 1, 2, 3, 32, 80), inet4(10, 1, 2, 3, 32, 80), true, true },
		{ inet4(10, 1, 2, 3, 32, 80), inet4(10, 1, 2, 3, 32, 81), false, false },
		{ inet4(10, 1, 2, 3, 32, 80), inet4(10, 1, 2, 4, 32, 80), false, false },
		{ inet4(10, 0, 0, 0, 8, 80), inet4(10, 1, 2, 3, 32, 80), true, true },
		{ inet4(10, 1, 2, 0, 23, 80), inet4(10, 1, 3, 3, 32, 80), true, true },
		{ inet4(10, 1, 2, 0, 23, 80), inet4(10, 1, 4, 3, 32, 80), false, false },
		{ inet4(0, 0, 0, 0, 0, 80), inet4(10, 1, 2, 3, 32, 80), true, true },
		{ inet4(0, 0, 0, 0, 0, 80), inet6(other6, 128, 80), false, false },
		{ any_inet(80, 90), inet6(other6, 128, 85), true, true },
		{ any_inet(80, 90), inet6(other6, 128, 91), false, false },
		{ inet4(10, 1, 2, 3, 32, 80), any_inet(80, 80), false, true },
		{ any_inet(80, 80), any_inet(80, 80), true, true },
		{ any_inet(80, 80), any_inet(0, 65535), false, true },
		{ inet4(10, 1, 2, 3, 32, 80), inet4(10, 0, 0, 0, 8, 80), false, true },
		/* ::ffff:10.1.2.3 is 10.1.2.3, whoever says it */
		{ inet4(10, 1, 2, 3, 32, 80), inet6(mapped, 128, 80), true, true },
		{ inet6(mapped, 128, 80), inet4(10, 1, 2, 3, 32, 80), true, true },
		{ inet6(mapped, 104, 80), inet4(10, 9, 9, 9, 32, 80), true, true },
		{ inet6(nothing6, 0, 80), inet6(mapped, 128, 80), false, false },
		{ inet6(nothing6, 0, 80), inet6(other6, 128, 80), true, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const enum verdict_kind grant = net_verdict(VERDICT_ALLOW, rows[i].rule, NULL, rows[i].asked);
		const enum verdict_kind kill = net_verdict(VERDICT_KILL, rows[i].rule, NULL, rows[i].asked);
		bool held = CHECK_INT(grant, rows[i].covers ? VERDICT_ALLOW : VERDICT_DENY);

		held &= CHECK_INT(kill, rows[i].touches ? VERDICT_KILL : VERDICT_DENY);
		/* exceptions the other way round */
		held &= CHECK_INT(net_verdict(VERDICT_ALLOW, rows[i].asked, &rows[i].rule, rows[i].asked),
				  rows[i].touches ? VERDICT_DENY : VERDICT_ALLOW);
		held &= CHECK_INT(net_verdict(VERDICT_KILL, rows[i].asked, &rows[i].rule, rows[i].asked),
				  rows[i].covers ? VERDICT_DENY : VERDICT_KILL);
		if (!held)
			fprintf(stderr, "# row %zu\n", i);
	}
}

static enum verdict_kind unix_verdict(struct net_address rule_address, struct net_address asked)
{
	struct rule rule = { .verdict = ALLOW,
			     .class = REQUEST_NET,
			     .operations = NET_CONNECT,
			     .phase = PHASE_NONE,
			     .protocol = NET_UNIX,
			     .addresses = { &rule_address, 1, 0 } };
	struct layer layer = { .rules = { &rule, 1, 0 } };
	struct request request = { .class = REQUEST_NET,
				   .operation = NET_CONNECT,
				   .protocol = NET_UNIX,
				   .address = asked,
				   .phase = PHASE_NONE };

	return layer_decide(&layer, &request, NULL).kind;
}

TEST(unix_addresses)
{
	struct arena *arena = arena_new(0);
	const struct net_address run = { .path = patterns(arena, "/run/**").items[0] };
	const struct net_address sock = { .path = patterns(arena, "/run/a.sock").items[0] };
	const struct net_address tmp = { .path = patterns(arena, "/tmp/a.sock").items[0] };
	const struct net_address name = { .abstract = "name" }, other = { .abstract = "other" };
	const struct net_address any_name = { .any_address = true, .abstract = "" }, all = { .any_address = true };

	CHECK_INT(unix_verdict(run, sock), VERDICT_ALLOW);
	CHECK_INT(unix_verdict(run, tmp), VERDICT_DENY);
	CHECK_INT(unix_verdict(run, name), VERDICT_DENY);
	CHECK_INT(unix_verdict(run, all), VERDICT_DENY);
	CHECK_INT(unix_verdict(name, name), VERDICT_ALLOW);
	CHECK_INT(unix_verdict(name, other), VERDICT_DENY);
	CHECK_INT(unix_verdict(name, sock), VERDICT_DENY);
	CHECK_INT(unix_verdict(any_name, other), VERDICT_ALLOW);
	CHECK_INT(unix_verdict(any_name, sock), VERDICT_DENY);
	CHECK_INT(unix_verdict(all, sock), VERDICT_ALLOW);
	CHECK_INT(unix_verdict(all, other), VERDICT_ALLOW);
	CHECK_INT(unix_verdict(all, all), VERDICT_ALLOW);
	arena_free(arena);
}

TEST(net_operations_and_protocols)
{
	struct net_address any = any_inet(0, 65535), route = { .number = 0 }, audit = { .number = 9 };
	struct rule rules[] = {
		{ .verdict = ALLOW,
		  .class = REQUEST_NET,
		  .operations = NET_ACCEPT | NET_BIND,
		  .phase = PHASE_NONE,
		  .protocol = NET_TCP,
		  .addresses = { &any, 1, 0 } },
		{ .verdict = ALLOW,
		  .class = REQUEST_NET,
		  .operations = NET_CONNECT,
		  .phase = PHASE_NONE,
		  .protocol = NET_NETLINK,
		  .addresses = { &route, 1, 0 } },
		{ .verdict = KILL,
		  .class = REQUEST_NET,
		  .operations = NET_CONNECT,
		  .phase = PHASE_NONE,
		  .protocol = NET_VSOCK },
		{ .verdict = DENY_WITH(EROFS),
		  .class = REQUEST_NET,
		  .operations = NET_CONNECT,
		  .phase = PHASE_NONE,
		  .all_protocols = true },
	};
	struct layer layer = { .rules = { rules, 3, 0 } };
	struct request request = { .class = REQUEST_NET,
				   .operation = NET_ACCEPT,
				   .protocol = NET_TCP,
				   .address = inet4(0, 0, 0, 0, 32, 80),
				   .phase = PHASE_NONE };

	CHECK_INT(layer_decide(&layer, &request, NULL).kind, VERDICT_ALLOW);
	request.operation = NET_BIND;
	CHECK_INT(layer_decide(&layer, &request, NULL).kind, VERDICT_ALLOW);
	request.operation = NET_CONNECT;
	CHECK_INT(layer_decide(&layer, &request, NULL).kind, VERDICT_DENY);
	request.protocol = NET_NETLINK;
	request.address = route;
	CHECK_INT(layer_decide(&layer, &request, NULL).kind, VERDICT_ALLOW);
	request.address = audit;
	CHECK_INT(layer_decide(&layer, &request, NULL).kind, VERDICT_DENY);
	request.protocol = NET_VSOCK; /* a restriction without addresses is about all */
	CHECK_INT(layer_decide(&layer, &request, NULL).kind, VERDICT_KILL);
	layer.rules.count = 4;
	request.protocol = NET_NETLINK;
	request.address = route;
	SAME(layer_decide(&layer, &request, NULL), DENY_WITH(EROFS));
}

/* ---- the rest ---- */

TEST(signals_ioctls_and_bare_classes)
{
	uint64_t commands[] = { 0x5401, 0x5402 };
	struct rule rules[] = {
		{ .verdict = ALLOW,
		  .class = REQUEST_SIGNAL,
		  .operations = SIGNAL_SELF | SIGNAL_DOMAIN,
		  .phase = PHASE_NONE },
		{ .verdict = ALLOW,
		  .class = REQUEST_IOCTL,
		  .ioctl_kind = "tty",
		  .commands = { commands, 2, 0 },
		  .phase = PHASE_NONE },
		{ .verdict = KILL,
		  .class = REQUEST_IOCTL,
		  .ioctl_kind = "any",
		  .commands = { commands + 1, 1, 0 },
		  .phase = PHASE_NONE },
		{ .verdict = KILL, .class = REQUEST_PTRACE, .phase = PHASE_NONE },
	};
	struct layer layer = { .rules = { rules, ARRAY_SIZE(rules), 0 } };
	static const struct {
		struct request request;
		enum verdict_kind kind;
	} rows[] = {
		{ { .class = REQUEST_SIGNAL, .number = SIGNAL_SELF }, VERDICT_ALLOW },
		{ { .class = REQUEST_SIGNAL, .number = SIGNAL_OTHER }, VERDICT_DENY },
		{ { .class = REQUEST_IOCTL, .ioctl_kind = "tty", .number = 0x5401 }, VERDICT_ALLOW },
		{ { .class = REQUEST_IOCTL, .ioctl_kind = "tty", .number = 0x5402 }, VERDICT_KILL },
		{ { .class = REQUEST_IOCTL, .ioctl_kind = "tty", .number = 0x5403 }, VERDICT_DENY },
		{ { .class = REQUEST_IOCTL, .ioctl_kind = "socket", .number = 0x5401 }, VERDICT_DENY },
		{ { .class = REQUEST_IOCTL, .ioctl_kind = "any", .number = 0x5401 }, VERDICT_DENY },
		{ { .class = REQUEST_IOCTL, .ioctl_kind = "any", .number = 0x5402 }, VERDICT_KILL },
		{ { .class = REQUEST_PTRACE }, VERDICT_KILL },
		{ { .class = REQUEST_MOUNT }, VERDICT_DENY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!CHECK_INT(layer_decide(&layer, &rows[i].request, NULL).kind, rows[i].kind))
			fprintf(stderr, "# row %zu\n", i);
}

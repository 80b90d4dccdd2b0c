/* generate_layer.c - layers of call rules and of typed rules, made of bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "generate.h"

static struct verdict verdict_of(struct stream *stream, enum verdict_kind kind)
{
	static const uint16_t errors[] = { 0, 0, EACCES, EROFS, 200, 300, 4000 };
	struct verdict verdict = { .kind = kind };

	if (kind == VERDICT_DENY)
		verdict.error = errors[stream_below(stream, ARRAY_SIZE(errors))];
	return verdict;
}

static int by_call(const void *a, const void *b)
{
	const struct call_rule *left = a, *right = b;

	if (left->call != right->call)
		return left->call < right->call ? -1 : 1;
	return left->rule < right->rule ? -1 : left->rule > right->rule;
}

static struct rule *push_rule(struct arena *arena, struct layer *layer, struct rule rule)
{
	struct rule *added = arena_push(arena, &layer->rules);

	*added = rule;
	added->because = "generated";
	return added;
}

static void push_call_rule(struct arena *arena, struct layer *layer, uint16_t call, const struct cond *cond)
{
	const size_t rule = layer->rules.count - 1;
	struct call_rule *added = arena_push(arena, &layer->calls);

	*added =
		(struct call_rule){ .verdict = layer->rules.items[rule].verdict, .call = call, .rule = (uint32_t)rule };
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		if (layer->arches & 1U << arch && call_table[call].nr[arch] != CALL_NR_NONE)
			added->cond[arch] = cond;
}

void generate_layer_rule(struct stream *stream, struct arena *arena, struct layer *layer,
			 const struct layer_shape *shape, enum verdict_kind kind)
{
	struct rule *rule = push_rule(arena, layer,
				      (struct rule){ .verdict = verdict_of(stream, kind),
						     .class = REQUEST_SYSCALL,
						     .phase = PHASE_NONE });
	const uint32_t named = 1 + stream_below(stream, 3);

	if (shape->phases > 0 && stream_once_in(stream, 2))
		rule->phase = (int)stream_below(stream, (uint32_t)shape->phases);
	if (shape->by_uid && stream_once_in(stream, 8)) {
		rule->has_uid = true;
		rule->uid = shape->uid + stream_below(stream, 2);
		rule->uid_not = stream_once_in(stream, 2);
	}
	for (uint32_t i = 0; i < named; i++) {
		const uint16_t call = shape->calls[stream_below(stream, (uint32_t)shape->count)];

		push_call_rule(arena, layer, call,
			       stream_once_in(stream, 3) ? NULL
							 : generate_cond(stream, arena, stream_below(stream, 4)));
	}
	qsort(layer->calls.items, layer->calls.count, sizeof(layer->calls.items[0]), by_call);
}

static bool is_named(const struct layer_shape *shape, uint16_t call)
{
	for (size_t i = 0; i < shape->count; i++)
		if (shape->calls[i] == call)
			return true;
	return false;
}

static void open_others(struct arena *arena, struct layer *layer, const struct layer_shape *shape)
{
	push_rule(arena, layer, (struct rule){ .class = REQUEST_SYSCALL, .phase = PHASE_NONE });
	for (uint16_t call = 0; call < call_count; call++)
		if (!is_named(shape, call))
			push_call_rule(arena, layer, call, NULL);
}

struct layer *generate_layer(struct stream *stream, struct arena *arena, const struct layer_shape *shape)
{
	struct layer *layer = arena_new_of(arena, struct layer);
	const uint32_t count = stream_below(stream, 12);

	layer->name = "generated";
	layer->arches = shape->arches;
	layer->wx = WX_ALLOW;
	if (shape->open_others)
		open_others(arena, layer, shape);
	for (uint32_t i = 0; i < count; i++) {
		enum verdict_kind kind = (enum verdict_kind)stream_below(stream, VERDICT_KILL + 1);

		if (kind == VERDICT_ASK && !shape->ask)
			kind = VERDICT_ALLOW;
		generate_layer_rule(stream, arena, layer, shape, kind);
	}
	for (size_t class = 0; class < REQUEST_CLASS_COUNT; class ++) {
		if (!stream_once_in(stream, 4))
			continue;
		layer->defaults[class].written = true;
		layer->defaults[class].verdict = verdict_of(stream,
							    stream_once_in(stream, 3) ? VERDICT_KILL : VERDICT_DENY);
	}
	return layer;
}

/* ---- typed ---- */

static const char *const pattern_texts[] = { "/**", "/a", "/a/**", "/a/*", "/a/b", "/*/b", "/a/**/c", "/b/?c" };
static const char *const path_texts[] = { "/", "/a", "/a/b", "/a/b/c", "/b", "/b/b", "/b/cc", "/a/c" };
static const char *const kinds[] = { "any", "tty", "socket" };

static void some_patterns(struct stream *stream, struct arena *arena, uint32_t count, struct patterns *ret)
{
	const char *why;

	while (count-- > 0)
		if (pattern_parse(arena, pattern_texts[stream_below(stream, ARRAY_SIZE(pattern_texts))],
				  arena_push(arena, ret), &why) != 0)
			abort();
}

static struct net_address some_address(struct stream *stream, struct arena *arena, enum net_protocol protocol, bool one)
{
	struct net_address address = { .any_address = !one && stream_once_in(stream, 4) };
	struct patterns path = { 0 };
	const char *why;

	if (protocol == NET_TCP || protocol == NET_UDP) {
		address.port_first = (uint16_t)(80 + stream_below(stream, 3));
		address.port_last = address.port_first + (one ? 0 : (uint16_t)stream_below(stream, 2));
		address.ipv6 = stream_once_in(stream, 3);
		address.prefix = (uint8_t)(one ? address.ipv6 ? 128 : 32
					       : stream_below(stream, address.ipv6 ? 129 : 33));
		address.bytes[3] = (uint8_t)stream_below(stream, 2);
	} else if (protocol != NET_UNIX) {
		address.number = stream_below(stream, 3);
	} else if (stream_once_in(stream, 2)) {
		address.abstract = stream_once_in(stream, 2) ? "x" : "y";
	} else if (one) {
		if (pattern_parse(arena, path_texts[stream_below(stream, ARRAY_SIZE(path_texts))], &address.path,
				  &why) != 0)
			abort();
	} else if (!address.any_address) {
		some_patterns(stream, arena, 1, &path);
		address.path = path.items[0];
	}
	return address;
}

void generate_typed_rule(struct stream *stream, struct arena *arena, struct layer *layer, enum verdict_kind kind)
{
	struct rule rule = { .verdict = verdict_of(stream, kind), .phase = PHASE_NONE };
	/* a restriction may name nothing: then it is about all */
	const uint32_t objects = stream_below(stream, 3) + (kind == VERDICT_ALLOW), excepts = stream_below(stream, 2);

	rule.class = (enum request_class)stream_below(stream, REQUEST_SYSCALL);
	rule.operations = 1 + stream_below(stream, 1023);
	rule.protocol = (enum net_protocol)stream_below(stream, NET_PROTOCOL_COUNT);
	rule.ioctl_kind = kinds[stream_below(stream, ARRAY_SIZE(kinds))];
	some_patterns(stream, arena, objects, &rule.objects);
	some_patterns(stream, arena, excepts, &rule.excepts);
	for (uint32_t i = 0; i < objects; i++) {
		*arena_push(arena, &rule.addresses) = some_address(stream, arena, rule.protocol, false);
		*arena_push(arena, &rule.commands) = stream_below(stream, 3);
	}
	for (uint32_t i = 0; i < excepts; i++)
		*arena_push(arena, &rule.except_addresses) = some_address(stream, arena, rule.protocol, false);
	if (stream_once_in(stream, 4))
		rule.phase = (int)stream_below(stream, 3);
	if (stream_once_in(stream, 8)) {
		rule.has_uid = true;
		rule.uid = stream_below(stream, 2);
		rule.uid_not = stream_once_in(stream, 2);
	}
	push_rule(arena, layer, rule);
}

void generate_typed_request(struct stream *stream, struct arena *arena, struct request *ret)
{
	struct request request = { .class = (enum request_class)stream_below(stream, REQUEST_SYSCALL) };

	request.operation = 1U << stream_below(stream, request.class == REQUEST_FILE ? 10 : 3);
	request.path = path_texts[stream_below(stream, ARRAY_SIZE(path_texts))];
	request.protocol = (enum net_protocol)stream_below(stream, NET_PROTOCOL_COUNT);
	request.address = some_address(stream, arena, request.protocol, true);
	request.number = stream_below(stream, 3);
	request.ioctl_kind = kinds[stream_below(stream, ARRAY_SIZE(kinds))];
	request.phase = (int)stream_below(stream, 4) - 1;
	request.uid = stream_below(stream, 2);
	*ret = request;
}

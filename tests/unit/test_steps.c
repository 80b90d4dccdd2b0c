/* test_steps.c - the list of steps: its order, its texts, and that every failure has a code that is explained. */
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "enforce/confinement.h"
#include "tap.h"

static struct arena *arena;
static struct diags diags;

static struct confinement *prepare(const struct plan *plan)
{
	static char name[] = "true";
	static char *const argv[] = { name, NULL };
	const struct launch launch = { .program = "/bin/true", .argv = argv, .envp = NULL };
	struct confinement *confinement = NULL;

	arena = arena_new(0);
	REQUIRE(arena != NULL);
	diags_init(&diags, arena);
	return confinement_prepare(plan, &launch, arena, &diags, &confinement) == 0 ? confinement : NULL;
}

TEST(every_step_has_a_name_and_an_explained_code)
{
	for (enum step_kind kind = 0; kind < STEP_KIND_COUNT; kind++) {
		CHECK(step_name(kind) != NULL);
		CHECK(step_code(kind) && diag_info_find(step_code(kind)));
	}
}

/* What needs the old view or privileges, then what gives them up, then what may forbid everything, then exec. */
TEST(steps_come_in_the_order_of_their_kinds)
{
	struct mount_op mounts[] = {
		{ .kind = MOUNT_TMPFS, .path = "/tmp", .attr_set = MOUNT_ATTR_RDONLY },
		{ .kind = MOUNT_TREE, .path = "/usr", .attr_set = MOUNT_ATTR_RDONLY },
		{ .kind = MOUNT_ROOT, .path = "/", .attr_set = MOUNT_ATTR_RDONLY },
	};
	struct rlimit_plan limit = { RLIMIT_NOFILE, 64, "files" };
	struct layer_plan layer = { .landlock.handled_fs = LANDLOCK_ACCESS_FS_WRITE_FILE };
	struct plan plan = {
		.layers = &layer,
		.layer_count = 1,
		.mounts = { .items = mounts, .count = ARRAY_SIZE(mounts) },
		.rlimits = { .items = &limit, .count = 1 },
		.keeps_parent = true,
		.isolate = ISOLATE_USER | ISOLATE_PID | ISOLATE_NET | ISOLATE_MOUNT,
	};
	struct confinement *confinement = prepare(&plan);
	bool seen[STEP_KIND_COUNT] = { false };

	REQUIRE(confinement != NULL);
	for (size_t i = 0; i < confinement->steps.count; i++) {
		seen[confinement->steps.items[i].kind] = true;
		if (i > 0)
			CHECK(confinement->steps.items[i - 1].kind <= confinement->steps.items[i].kind);
	}
	for (enum step_kind kind = 0; kind < STEP_KIND_COUNT; kind++)
		if (!CHECK(seen[kind] ==
			   (kind != STEP_MDWE && kind != STEP_SCRIPTS && kind != STEP_CLOSE && kind != STEP_GROUP)))
			fprintf(stderr, "# %s\n", step_name(kind));
	CHECK_INT(confinement->steps.items[confinement->fork_at - 1].kind, STEP_PID_NAMESPACE);
	confinement_release(confinement);
	arena_free(arena);
}

TEST(list_for_people_and_for_programs)
{
	struct layer_plan layer = { 0 };
	struct plan plan = { .layers = &layer, .layer_count = 1 };
	struct confinement *confinement = prepare(&plan);
	struct json json;
	struct str out;

	REQUIRE(confinement != NULL);
	str_init(&out, arena);
	confinement_print(confinement, &out);
	CHECK(strncmp(out.text, "in this process:\n   1  no new privileges\n", 41) == 0);
	CHECK(strstr(out.text, "execute: /bin/true\n") != NULL);
	str_init(&out, arena);
	json_init(&json, &out, false);
	confinement_json(confinement, &json);
	CHECK(strstr(out.text, "\"keeps_parent\":false") != NULL);
	CHECK(strstr(out.text, "{\"name\":\"execute\",\"detail\":\"/bin/true\"}") != NULL);
	confinement_release(confinement);
	arena_free(arena);
}

TEST(plans_that_cannot_be_carried_out)
{
	struct layer_plan layer = { 0 };
	const struct plan uncarried = { .layers = &layer, .layer_count = 1, .uncarried = 1 };
	const struct plan orphan = { .layers = &layer, .layer_count = 1, .isolate = ISOLATE_PID };

	CHECK(prepare(&uncarried) == NULL);
	CHECK_STR(diags.items[0].code, "C0601");
	arena_free(arena);
	CHECK(prepare(&orphan) == NULL);
	CHECK_STR(diags.items[0].code, "C0601");
	arena_free(arena);
}

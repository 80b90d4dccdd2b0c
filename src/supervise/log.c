/* log.c - see log.h. */
#include "supervise/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "policy/parse.h"

#define SECOND_NS INT64_C(1000000000)
#define SCRATCH_SIZE ((size_t)1 << 20)
/* What is left of a text that doesn't fit: a path has 4096 bytes and may need five times as many here. */
#define CUT_SIZE 200

/* ---- time ---- */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static struct timespec real_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

/* RFC 3339, UTC, milliseconds: "2026-11-25T18:04:05.123Z" */
static void add_time(struct json *json, const char *key, const struct timespec *time)
{
	char text[64];
	struct tm parts;
	size_t size;

	gmtime_r(&time->tv_sec, &parts);
	size = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + size, sizeof(text) - size, ".%03ldZ", time->tv_nsec / 1000000);
	json_kv_string(json, key, text);
}

/* ---- bodies ---- */

/* The program's bytes: never a control character, and readable back. */
static void add_bytes(struct json *json, const char *key, const char *bytes, size_t most)
{
	struct str text;
	size_t size = bytes ? strlen(bytes) : 0;

	json_key(json, key);
	if (!bytes) {
		json_null(json);
		return;
	}
	str_init(&text, json->out->arena);
	str_add_escaped(&text, bytes, size < most ? size : most);
	if (size > most)
		str_add(&text, "...");
	json_string(json, text.text);
}

static void add_text(struct json *json, const char *key, const char *text, size_t most)
{
	if (text && strlen(text) > most)
		text = arena_printf(json->out->arena, "%.*s...", (int)most, text);
	json_kv_string(json, key, text);
}

static void add_rule(struct json *json, const struct denial *denial, size_t most)
{
	json_key(json, "rule");
	if (!denial->rule) {
		json_null(json);
		return;
	}
	json_object(json);
	add_text(json, "text", denial->rule, most);
	add_bytes(json, "file", denial->file, most);
	if (denial->file)
		json_kv_int(json, "line", denial->line);
	json_end_object(json);
}

static const char *errno_text(struct verdict verdict, struct arena *arena)
{
	const char *name = verdict.error ? named_name(&errno_table, verdict.error) : NULL;

	if (verdict.kind != VERDICT_DENY || !verdict.error)
		return NULL;
	return name ? name : arena_printf(arena, "%u", verdict.error);
}

/* All members but those that change: `"program":...}` Texts longer than @most are cut; a fix is whole or not there. */
static void write_body(const struct denial_log *log, const struct denial *denial, size_t most, struct str *out)
{
	struct json json;
	const bool fits = denial->fix && strlen(denial->fix) <= 2 * most;

	str_init(out, out->arena);
	json_init(&json, out, false);
	json_object(&json);
	json_kv_string(&json, "domain", log->domain);
	json_kv_string(&json, "profile", denial->profile);
	add_bytes(&json, "program", denial->caller.program, most);
	add_text(&json, "request", denial->request, 2 * most);
	json_kv_string(&json, "verdict", verdict_name(denial->verdict.kind));
	json_kv_string(&json, "errno", errno_text(denial->verdict, out->arena));
	json_kv_string(&json, "mechanism", denial->mechanism);
	if (log->permissive)
		json_kv_bool(&json, "permissive", true);
	add_rule(&json, denial, most);
	json_kv_string(&json, "missing", denial->missing);
	json_kv_string(&json, "fix", fits ? denial->fix : NULL);
	if (fits && denial->fix_replaces)
		json_kv_bool(&json, "fix_replaces", true);
	add_text(&json, "note", denial->note, most);
	json_end_object(&json);
}

/* ---- lines ---- */

/* The part that changes, and @body, which is an object with at least one member. */
static void write_line(struct denial_log *log, const char *id, pid_t process, const struct log_entry *entry,
		       const char *body, struct str *out)
{
	const struct timespec now = real_now();
	struct json json;

	json_init(&json, out, false);
	json_object(&json);
	json_kv_string(&json, "schema", "cordon.denial/1");
	json_kv_string(&json, "id", id);
	add_time(&json, "time", &now);
	json_key(&json, "pid");
	if (process > 0)
		json_int(&json, process);
	else
		json_null(&json);
	json_kv_int(&json, "count", (long long)entry->count);
	add_time(&json, "first", &entry->first);
	add_time(&json, "last", &entry->last);
	str_addf(out, ",%s\n", body + 1);
	(void)sink_write(&log->sink, out->text, out->size);
	log->lines++;
}

static bool may_write(struct denial_log *log)
{
	const int64_t now = now_ns();

	if (now - log->second_ns >= SECOND_NS) {
		log->second_ns = now;
		log->lines = 0;
	}
	return log->lines < LOG_LINES_PER_SECOND;
}

static void write_entry(struct denial_log *log, struct log_entry *entry, struct arena *arena)
{
	struct str out;

	str_init(&out, arena);
	write_line(log, arena_printf(arena, "%s-%u", log->domain, entry->number), entry->process, entry, entry->body,
		   &out);
	entry->written = entry->count;
}

static void write_suppressed(struct denial_log *log, struct arena *arena)
{
	const struct log_entry entry = {
		.count = log->suppressed,
		.first = log->suppressed_first,
		.last = log->suppressed_last,
	};
	struct str out;

	if (!log->suppressed)
		return;
	str_init(&out, arena);
	write_line(log, NULL, 0, &entry,
		   arena_printf(arena, "{\"domain\":\"%s\",\"event\":\"suppressed\"}", log->domain), &out);
	log->suppressed = 0;
}

/* ---- the clock ---- */

static void suppress(struct denial_log *log)
{
	log->suppressed_last = real_now();
	if (log->suppressed++ == 0)
		log->suppressed_first = log->suppressed_last;
}

static void wake_later(struct denial_log *log)
{
	if (log->attendant.wake_ns == INT64_MAX)
		log->attendant.wake_ns = now_ns() + SECOND_NS;
}

/* What is left to say; @all: without regard to how many lines that are. */
static void flush(struct denial_log *log, struct arena *arena, bool all)
{
	log->attendant.wake_ns = INT64_MAX;
	if (all || may_write(log))
		write_suppressed(log, arena);
	for (size_t i = 0; i < LOG_ENTRIES_MAX; i++) {
		struct log_entry *entry = &log->entries[i];

		if (!entry->body || entry->written == entry->count)
			continue;
		if (all || may_write(log))
			write_entry(log, entry, arena);
		else
			wake_later(log);
	}
	if (log->suppressed)
		wake_later(log);
}

/* @body in memory of its own, which running out of leaves: false. */
static bool with_arena(struct denial_log *log, void (*body)(struct denial_log *log, struct arena *arena, void *context),
		       void *context)
{
	struct arena *arena = arena_new(SCRATCH_SIZE);

	if (!arena)
		return false;
	if (setjmp(*arena_catch(arena))) {
		arena_free(arena);
		return false;
	}
	body(log, arena, context);
	arena_uncatch(arena);
	arena_free(arena);
	return true;
}

static void flush_body(struct denial_log *log, struct arena *arena, void *context)
{
	flush(log, arena, *(bool *)context);
}

static enum attendance attend(struct attendant *attendant, short events, const struct attended *attended)
{
	struct denial_log *log = (struct denial_log *)attendant;
	bool all = false;

	(void)events;
	(void)attended;
	if (!with_arena(log, flush_body, &all))
		wake_later(log);
	return ATTEND_ON;
}

/* ---- entries ---- */

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* The entry of @body, or else the one to use for it: a free one, or that which was silent for longest. */
static struct log_entry *find_entry(struct denial_log *log, const char *body, bool *ret_found)
{
	const uint64_t hash = hash_text(body);
	struct log_entry *oldest = NULL;

	*ret_found = true;
	for (size_t i = 0; i < LOG_ENTRIES_MAX; i++) {
		struct log_entry *entry = &log->entries[i];

		if (entry->body && entry->hash == hash && !strcmp(entry->body, body))
			return entry;
		if (oldest && !oldest->body)
			continue;
		if (!oldest || !entry->body || entry->last.tv_sec < oldest->last.tv_sec ||
		    (entry->last.tv_sec == oldest->last.tv_sec && entry->last.tv_nsec < oldest->last.tv_nsec))
			oldest = entry;
	}
	*ret_found = false;
	return oldest;
}

static void record_body(struct denial_log *log, struct arena *arena, void *context)
{
	const struct denial *denial = context;
	struct log_entry *entry;
	struct str body = { .arena = arena };
	bool found;

	write_body(log, denial, SINK_LINE_MAX, &body);
	if (body.size > SINK_LINE_MAX - 256)
		write_body(log, denial, CUT_SIZE, &body);
	entry = find_entry(log, body.text, &found);
	if (found) {
		entry->count++;
		entry->last = real_now();
		wake_later(log);
		return;
	}
	if (!may_write(log)) {
		suppress(log);
		wake_later(log);
		return;
	}
	if (entry->body && entry->written < entry->count)
		write_entry(log, entry, arena);
	free(entry->body);
	*entry = (struct log_entry){ .hash = hash_text(body.text), .body = strdup(body.text) };
	if (!entry->body) {
		suppress(log);
		return;
	}
	entry->number = ++log->next_number;
	entry->process = denial->caller.process;
	entry->count = 1;
	entry->first = entry->last = real_now();
	write_entry(log, entry, arena);
}

void denial_log_with_arena(struct denial_log *log,
			   void (*body)(struct denial_log *log, struct arena *arena, void *context), void *context)
{
	if (!with_arena(log, body, context))
		denial_log_suppress(log);
}

void denial_log_suppress(struct denial_log *log)
{
	suppress(log);
	wake_later(log);
}

void denial_log_record(struct denial_log *log, const struct denial *denial)
{
	log->total++;
	denial_log_with_arena(log, record_body, (void *)(uintptr_t)denial);
}

/* ---- the whole ---- */

/* The filter itself ends who makes a call with `kill`: nobody hears of it, but the first process's end shows the signal. */
static void end(struct attendant *attendant, int wait_status, const struct rusage *usage)
{
	struct denial_log *log = (struct denial_log *)attendant;
	const struct denial killed = {
		.request = "syscall",
		.verdict = { .kind = VERDICT_KILL },
		.mechanism = "seccomp",
		.note = "the program's first process died of SIGSYS: a call that the policy kills, or the signal "
			"itself; "
			"the kernel doesn't tell which call",
	};

	(void)usage;
	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS && !log->kill_told)
		denial_log_record(log, &killed);
}

int denial_log_open(struct denial_log *log, const char *where, struct diags *diags)
{
	uint32_t name;
	int result;

	memset(log, 0, sizeof(*log));
	log->attendant = (struct attendant){ .fd = -1, .wake_ns = INT64_MAX, .attend = attend, .end = end };
	if (getrandom(&name, sizeof(name), 0) != (ssize_t)sizeof(name))
		return -errno;
	snprintf(log->domain, sizeof(log->domain), "%08x", name);
	result = sink_open(where, diags, &log->sink);
	if (result < 0)
		log->sink.fd = log->sink.messages = -1;
	return result;
}

void denial_log_close(struct denial_log *log)
{
	bool all = true;

	if (log->sink.fd >= 0)
		(void)with_arena(log, flush_body, &all);
	for (size_t i = 0; i < LOG_ENTRIES_MAX; i++)
		free(log->entries[i].body);
	sink_close(&log->sink);
}

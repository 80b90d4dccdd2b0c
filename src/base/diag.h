/* diag.h - what is wrong with an input, said to a person: code, place, cause, and the line that would fix it.
 *
 * A mistake in a policy is no errno. Stages collect diagnostics and go on as far as they can, so that one run shows
 * several. Codes are rows of data/diagnostics.tbl; `cordon explain CODE` prints the long text. */
#ifndef CORDON_BASE_DIAG_H
#define CORDON_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* A text that positions refer to. Lives as long as its arena. */
struct source {
	const char *name; /* file name, "std/tmp@1", "-a", "<stdin>" */
	const char *text;
	size_t size;
};

/* A piece of a source. source NULL: no place. */
struct span {
	const struct source *source;
	uint32_t offset;
	uint32_t length;
};

struct position {
	unsigned line;   /* from 1 */
	unsigned column; /* from 1, in characters (UTF-8), tabs count as one */
};
struct position span_position(struct span span);
/* From the start of @first to the end of @last (same source). */
struct span span_join(struct span first, struct span last);

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct diag {
	enum severity severity;
	const char *code; /* "C0101" */
	struct span span;
	const char *message;
	const char *note;    /* why, or NULL */
	const char *help;    /* what to write instead, or NULL */
	struct span related; /* second place ("first used here"), source NULL when none */
	const char *related_label;
};

struct diags {
	struct arena *arena;
	struct diag *items;
	size_t count;
	size_t capacity;
	size_t errors;
	bool overflow;     /* more than DIAGS_MAX: the rest was dropped */
	struct diag spare; /* what the dropped ones are written to */
};

#define DIAGS_MAX 100

void diags_init(struct diags *diags, struct arena *arena);

/* Add one; all texts are formatted into the arena. The returned pointer takes note, help, related. Never NULL. */
__attribute__((format(printf, 4, 5))) struct diag *diag_error(struct diags *diags, const char *code, struct span span,
							      const char *format, ...);
__attribute__((format(printf, 4, 5))) struct diag *diag_warning(struct diags *diags, const char *code, struct span span,
								const char *format, ...);
__attribute__((format(printf, 3, 4))) void diag_note(struct diags *diags, struct diag *diag, const char *format, ...);
__attribute__((format(printf, 3, 4))) void diag_help(struct diags *diags, struct diag *diag, const char *format, ...);

/* For people:
 *   error[C0101]: unknown statement `fiel`
 *     --> web.cordon:3:3
 *      |
 *    3 |   fiel read /etc/hosts
 *      |   ^^^^
 *      = note: ...
 *      = help: write `file read /etc/hosts`
 * Sorted by place. Colour only when asked. Bytes of the input are escaped. */
void diags_print(const struct diags *diags, struct str *out, bool colour);
/* One JSON object per diagnostic (schema cordon.diagnostic/1) as an array. */
void diags_json(const struct diags *diags, struct json *json);

#endif

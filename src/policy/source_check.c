/* source_check.c - is this text at all? See lexer.h. */
#include "policy/lexer.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "policy/parse.h"

enum fault {
	FAULT_MARK,
	FAULT_NUL,
	FAULT_CR,
	FAULT_CONTROL,
	FAULT_HIDDEN,
	FAULT_ENCODING,
	FAULT_LINE,
	FAULT_COUNT,
	FAULT_NONE
};

static const struct {
	const char *code, *message, *note, *help;
} faults[FAULT_COUNT] = {
	[FAULT_MARK] = { "C0118", "the text begins with a byte order mark", NULL,
			 "remove it: `sed -i '1s/^\\xef\\xbb\\xbf//' FILE`" },
	[FAULT_NUL] = { "C0113", "a NUL byte: this is not a policy text", NULL,
			"name a text file that begins with `cordon 1`" },
	[FAULT_CR] = { "C0117", "lines end in CR LF", "a CR would become part of the last word of its line",
		       "convert the file: `sed -i 's/\\r$//' FILE`" },
	[FAULT_CONTROL] = { "C0114", "a control character",
			    "a terminal would show another text than the one that is meant",
			    "remove it, or write it as \\xNN in a quoted word: \"a\\x07b\"" },
	[FAULT_HIDDEN] = { "C0116", "an invisible character",
			   "it shows nothing, or turns or moves the text around it: the line may mean something else "
			   "than it shows",
			   "remove it, or write its bytes as \\xNN in a quoted word: \"a\\xc2\\xa0b\"" },
	[FAULT_ENCODING] = { "C0115", "bytes that are not UTF-8", NULL,
			     "write them as \\xNN in a quoted word: \"caf\\xe9\"; or convert the file: `iconv -f "
			     "latin1 -t utf-8`" },
	[FAULT_LINE] = { "C0122", "a line of more than 65536 bytes", NULL,
			 "break it with `\\` at the end of the line" },
};

_Static_assert(POLICY_LINE_MAX == 65536, "the message above");

static enum fault fault_at(const struct source *source, size_t i, size_t *ret_length)
{
	const char *text = source->text + i;
	size_t size = source->size - i;
	uint32_t character;

	*ret_length = utf8_decode(text, size, &character);
	if (!*ret_length) {
		*ret_length = 1;
		return FAULT_ENCODING;
	}
	if (character == '\n' || character == '\t' || !character_hidden(character))
		return FAULT_NONE;
	if (character == 0xfeff && i == 0)
		return FAULT_MARK;
	if (character == '\r' && size > 1 && text[1] == '\n')
		return FAULT_CR;
	return character == 0 ? FAULT_NUL : character < 0xa0 ? FAULT_CONTROL : FAULT_HIDDEN;
}

static void report(const struct source *source, struct diags *diags, enum fault fault, size_t offset, size_t length,
		   bool seen[FAULT_COUNT])
{
	struct diag *diag;

	if (seen[fault])
		return;
	seen[fault] = true;
	diag = diag_error(diags, faults[fault].code, (struct span){ source, (uint32_t)offset, (uint32_t)length }, "%s",
			  faults[fault].message);
	if (faults[fault].note)
		diag_note(diags, diag, "%s", faults[fault].note);
	diag_help(diags, diag, "%s", faults[fault].help);
}

int source_check(const struct source *source, struct diags *diags)
{
	bool seen[FAULT_COUNT] = { false };
	size_t line = 0, length;
	struct diag *diag;

	if (source->size > POLICY_SIZE_MAX) {
		diag = diag_error(diags, "C0123", (struct span){ source, 0, 0 }, "the text has %zu bytes",
				  source->size);
		diag_note(diags, diag, "a policy may have %zu", POLICY_SIZE_MAX);
		diag_help(diags, diag,
			  "join what belongs together by patterns (`/usr/lib/**`), or split the policy: `use NAME@1`");
		return -EINVAL;
	}
	for (size_t i = 0; i < source->size; i += length) {
		const bool plain = source->text[i] >= ' ' && source->text[i] <= '~';
		enum fault fault = FAULT_NONE;

		length = 1;
		if (!plain)
			fault = fault_at(source, i, &length);
		if (fault != FAULT_NONE)
			report(source, diags, fault, i, length, seen);
		if (source->text[i] == '\n')
			line = i + 1;
		else if (i - line == POLICY_LINE_MAX)
			report(source, diags, FAULT_LINE, line, 0, seen);
	}
	return seen[FAULT_NUL] ? -EINVAL : 0;
}

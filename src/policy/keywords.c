/* keywords.c - see keywords.h. */
#include "policy/keywords.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/utf8.h"
#include "policy/parse.h"

#define SHOWN_MAX 60

const struct class_shape class_shapes[REQUEST_CLASS_COUNT] = {
	[REQUEST_FILE] = { .name = "file",
			   .operations = true,
			   .object = "a path",
			   .paths = true,
			   .operation_names = "edit read write append create delete rename link attr exec-map stat",
			   .example = "file read /etc/hosts",
			   .request = "file read \"/etc/hosts\"" },
	[REQUEST_NET] = { .name = "net",
			  .operations = true,
			  .protocol = "a protocol",
			  .object = "an address",
			  .operation_names = "connect bind accept",
			  .example = "net connect tcp *:443",
			  .request = "net connect tcp 192.0.2.1:443" },
	[REQUEST_EXEC] = { .name = "exec",
			   .object = "a path",
			   .paths = true,
			   .example = "exec /usr/bin/git",
			   .request = "exec \"/usr/bin/git\"" },
	[REQUEST_SIGNAL] = { .name = "signal",
			     .object = "a target",
			     .example = "signal domain",
			     .request = "signal other" },
	[REQUEST_PTRACE] = { .name = "ptrace", .example = "ptrace because \"debugger\"", .request = "ptrace" },
	[REQUEST_IOCTL] = { .name = "ioctl",
			    .protocol = "a kind of descriptor",
			    .object = "a command",
			    .example = "ioctl tty TCGETS",
			    .request = "ioctl tty TCGETS" },
	[REQUEST_MOUNT] = { .name = "mount", .example = "mount because \"builds images\"", .request = "mount" },
	[REQUEST_SYSCALL] = { .name = "syscall",
			      .object = "a call",
			      .always_objects = true,
			      .example = "syscall personality if persona == 0",
			      .request = "syscall socket(AF_VSOCK, SOCK_STREAM, 0)" },
};

static const char *const verdict_names[] = {
	[VERDICT_ALLOW] = "allow",
	[VERDICT_ASK] = "ask",
	[VERDICT_DENY] = "deny",
	[VERDICT_KILL] = "kill",
};

static const char *const compare_names[] = {
	[COMPARE_EQ] = "==", [COMPARE_NE] = "!=", [COMPARE_LT] = "<",          [COMPARE_LE] = "<=",
	[COMPARE_GT] = ">",  [COMPARE_GE] = ">=", [COMPARE_WITHIN] = "within",
};

static const char *const clause_words[] = { "except", "profile", "if", "for", "as", "errno", "log", "because" };
static const char *const origin_names[] = { "@learned", "@derived", "@unresolved" };
static const char *const operator_words[] = { "and", "or", "not", "in", "&", "|" };

static size_t list_find(const char *const *list, size_t count, const char *text)
{
	size_t i = 0;

	while (i < count && strcmp(list[i], text) != 0)
		i++;
	return i;
}
#define LIST_FIND(list, text) list_find(list, ARRAY_SIZE(list), text)

const char *verdict_name(enum verdict_kind kind)
{
	return verdict_names[kind];
}

const char *request_class_name(enum request_class class)
{
	return class_shapes[class].name;
}

const char *compare_name(enum compare compare)
{
	return compare_names[compare];
}

bool class_find(const char *text, enum request_class *ret)
{
	for (size_t i = 0; i < REQUEST_CLASS_COUNT; i++)
		if (!strcmp(class_shapes[i].name, text)) {
			*ret = (enum request_class)i;
			return true;
		}
	return false;
}

bool verdict_find(const char *text, enum verdict_kind *ret)
{
	size_t found = LIST_FIND(verdict_names, text);

	if (found < ARRAY_SIZE(verdict_names))
		*ret = (enum verdict_kind)found;
	return found < ARRAY_SIZE(verdict_names);
}

bool compare_find(const char *text, enum compare *ret)
{
	size_t found = LIST_FIND(compare_names, text);

	if (found < ARRAY_SIZE(compare_names))
		*ret = (enum compare)found;
	return found < ARRAY_SIZE(compare_names);
}

bool word_is_origin(const char *text)
{
	return origin_rank(text) < ARRAY_SIZE(origin_names);
}

bool word_starts_clause(const char *text)
{
	return LIST_FIND(clause_words, text) < ARRAY_SIZE(clause_words) || word_is_origin(text);
}

bool word_is_operator(const char *text)
{
	enum compare ignored;

	return LIST_FIND(operator_words, text) < ARRAY_SIZE(operator_words) || compare_find(text, &ignored);
}

bool word_looks_like_path(const char *text)
{
	return text[0] == '/' || text[0] == '$' || text[0] == '~' || !strcmp(text, ".") || !strncmp(text, "./", 2) ||
	       !strncmp(text, "../", 3);
}

size_t variable_length(const char *text, size_t size)
{
	size_t length = 2;

	if (size < 4 || text[0] != '$' || text[1] != '{')
		return 0;
	while (length < size && isascii(text[length]) && (isalnum((unsigned char)text[length]) || text[length] == '_'))
		length++;
	return length > 2 && length < size && text[length] == '}' ? length + 1 : 0;
}

bool word_is_bare(const char *text)
{
	size_t size = strlen(text);

	if (!size || text[0] == '#')
		return false;
	for (size_t i = 0, length; i < size; i += length) {
		uint32_t character;

		length = variable_length(text + i, size - i);
		if (length)
			continue;
		length = utf8_decode(text + i, size - i, &character);
		if (!length || character == ' ' || character_hidden(character) || strchr("\"'\\{}(),;", text[i]))
			return false;
	}
	return true;
}

bool word_is_name(const char *text)
{
	size_t part = 0, dots = 0;

	for (;; text++) {
		if (*text == '/' || !*text) {
			if (!part || part == dots)
				return false;
			part = dots = 0;
			if (!*text)
				return true;
			continue;
		}
		if (!isascii(*text) || (!isalnum((unsigned char)*text) && !strchr("._+-", *text)))
			return false;
		part++;
		dots += *text == '.';
	}
}

unsigned operation_rank(enum request_class class, const char *text)
{
	const char *names = class_shapes[class].operation_names;
	unsigned rank = 0;
	size_t size = strlen(text);

	for (; names && *names; rank++) {
		size_t length = strcspn(names, " ");

		if (length == size && !memcmp(names, text, size))
			return rank;
		names += length + (names[length] == ' ');
	}
	return rank;
}

unsigned origin_rank(const char *text)
{
	return (unsigned)LIST_FIND(origin_names, text);
}

const char *word_show(struct arena *arena, const struct word *word)
{
	struct str out;

	str_init(&out, arena);
	print_word(word, &out);
	if (out.size > SHOWN_MAX) {
		size_t end = SHOWN_MAX;

		while (end && ((unsigned char)out.text[end] & 0xc0) == 0x80)
			end--;
		return arena_printf(arena, "%.*s...", (int)end, out.text);
	}
	return out.text;
}

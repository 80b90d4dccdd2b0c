/* load.c - names to files, files to profiles, profiles to a stack. */
#include "policy/load.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "platform/tables.h"

#define PREFER_DEPTH_MAX 8

struct loader {
	struct load_options options;
	struct file_identity program; /* zero: none */
};

/* ---- one file ---- */

int load_file(const char *name, bool trusted, struct arena *arena, struct diags *diags, struct ast_file **ret,
	      struct file_identity *ret_identity)
{
	const struct source *source;
	int error = policy_file_read(name, trusted, arena, diags, &source, ret_identity);

	return error ? error : parse_file(source, arena, diags, ret);
}

static const struct source *text_source(struct arena *arena, const char *name, const char *text)
{
	struct source *source = arena_new_of(arena, struct source);

	*source = (struct source){ .name = name, .text = text, .size = strlen(text) };
	return source;
}

static bool same_file(struct file_identity a, struct file_identity b)
{
	return a.inode != 0 && a.device == b.device && a.inode == b.inode;
}

/* ---- templates ---- */

/* Letters that a template's name may have in a file name: no way out of the directory. */
static bool plain_template_name(const char *name)
{
	if (!*name || *name == '/' || *name == '.' || strstr(name, "/.") || strstr(name, "//"))
		return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")] == '\0';
}

/* The embedded file that has template @name, or the administrator's; NULL when there is none (without a diagnostic) or
 * when it is bad (with). @version NULL: any. */
static const struct ast_file *find_template_file(const struct loader *loader, const char *name, const char *version,
						 struct arena *arena, struct diags *diags)
{
	const struct embedded_text *text = embedded_find(name);
	const char *directory = loader->options.template_directory;
	const char *paths[2];
	struct ast_file *file;

	if (text)
		return parse_file(text_source(arena, text->name, text->text), arena, diags, &file) ? NULL : file;
	if (!plain_template_name(name) || !strncmp(name, "std/", 4) || (version && !plain_template_name(version)))
		return NULL;
	if (!directory)
		directory = TEMPLATE_DIRECTORY;
	paths[0] = version ? arena_printf(arena, "%s/%s@%s.cordon", directory, name, version) : NULL;
	paths[1] = arena_printf(arena, "%s/%s.cordon", directory, name);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!paths[i] || access(paths[i], F_OK) < 0)
			continue;
		return load_file(paths[i], !loader->options.untrusted, arena, diags, &file, NULL) ? NULL : file;
	}
	return NULL;
}

static const struct ast_file *find_template(void *context, const char *name, const char *version, struct arena *arena,
					    struct diags *diags)
{
	return find_template_file(context, name, version, arena, diags);
}

static const struct ast_profile *find_profile(const struct ast_file *file, bool is_template, const char *name,
					      const char *version)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct ast_profile *profile = file->items[i];

		if (profile->is_template == is_template && !strcmp(profile->name.text, name) &&
		    (!version || !profile->version.text || !strcmp(profile->version.text, version)))
			return profile;
	}
	return NULL;
}

/* A file in memory that holds nothing but a profile which uses the template. */
static const struct ast_file *template_user(const char *name, const char *version, struct arena *arena,
					    struct diags *diags)
{
	const char *text = arena_printf(arena, "cordon 1\n\nprofile %s {\n  use %s@%s\n}\n", name, name, version);
	struct ast_file *file;

	return parse_file(text_source(arena, arena_printf(arena, "use of %s@%s", name, version), text), arena, diags,
			  &file)
		       ? NULL
		       : file;
}

/* "NAME[@VERSION]" as a file that uses it. NULL: no such template, or a bad one (then there are diagnostics). */
static const struct ast_file *template_policy(const struct loader *loader, const char *word, struct arena *arena,
					      struct diags *diags)
{
	const char *at = strrchr(word, '@');
	const char *name = at ? arena_strndup(arena, word, (size_t)(at - word)) : word;
	const struct ast_file *file = find_template_file(loader, name, at ? at + 1 : NULL, arena, diags);
	const struct ast_profile *template = file ? find_profile(file, true, name, at ? at + 1 : NULL) : NULL;

	return template ? template_user(name, template->version.text, arena, diags) : NULL;
}

/* ---- one policy name ---- */

static bool names_path(const char *name)
{
	return *name == '/' || !strncmp(name, "./", 2) || !strncmp(name, "../", 3) || !strcmp(name, "-");
}

static int no_such_policy(const char *name, struct diags *diags)
{
	struct diag *diag = diag_error(diags, "C0508", (struct span){ 0 }, "no policy `%s`", name);
	bool standard = !strncmp(name, "std/", 4);

	diag_note(diags, diag,
		  standard ? "Cordon brings no template of that name"
			   : "there is no file of that name, and no template in " TEMPLATE_DIRECTORY);
	diag_help(diags, diag, "`cordon explain templates` lists what Cordon brings");
	return -ENOENT;
}

static bool is_file(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 && !S_ISDIR(st.st_mode);
}

static int load_policy(const struct loader *loader, const char *name, struct arena *arena, struct diags *diags,
		       const struct ast_file **ret)
{
	const char *suffix = strrchr(name, '.');
	struct file_identity identity;
	struct ast_file *file;
	size_t errors = diags->errors;
	int error;

	if (!names_path(name) && (!strncmp(name, "std/", 4) || !is_file(name))) {
		const struct ast_file *user = template_policy(loader, name, arena, diags);

		if (user) {
			*ret = user;
			return 0;
		}
		if (diags->errors > errors)
			return -EINVAL;
		if (!suffix || strcmp(suffix, ".cordon"))
			return no_such_policy(name, diags);
	}
	error = load_file(name, !loader->options.untrusted, arena, diags, &file, &identity);
	if (error)
		return error;
	if (same_file(identity, loader->program)) {
		diag_error(diags, "C0509", (struct span){ 0 }, "`%s` is the program itself", name);
		return -EPERM;
	}
	*ret = file;
	return 0;
}

/* ---- the profile of a file ---- */

/* Binaries are words of the text; the few variables that make sense here are replaced as the resolver does it. */
static const char *expand_binary(const struct surroundings *here, const char *text, struct arena *arena)
{
	static const char in_home[] = "$HOME/";
	const bool ask = !here->home && here->find_self && !strncmp(text, in_home, strlen(in_home));
	struct user self = { 0 };
	const char *home = ask && here->find_self(here->uid, arena, &self) == 0 ? self.home : here->home;
	const struct {
		const char *prefix, *value;
	} starts[] = { { "$HOME", home }, { "$CWD", here->cwd }, { "$TMPDIR", here->tmpdir }, { ".", here->cwd } };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		size_t size = strlen(starts[i].prefix);

		if (!strncmp(text, starts[i].prefix, size) && text[size] == '/' && starts[i].value)
			return arena_printf(arena, "%s%s", starts[i].value, text + size);
	}
	return text;
}

static bool is_for_program(const struct loaded *loaded, const struct ast_profile *profile, const char *program,
			   struct arena *arena)
{
	for (size_t i = 0; i < profile->binaries.count; i++) {
		const char *text = expand_binary(&loaded->surroundings, profile->binaries.items[i].text, arena);
		struct pattern pattern;
		const char *why;
		struct stat st;

		if (stat(text, &st) == 0 &&
		    same_file((struct file_identity){ st.st_dev, st.st_ino }, loaded->loader->program))
			return true;
		if (pattern_parse(arena, text, &pattern, &why) == 0 && pattern_match(&pattern, program))
			return true;
	}
	return false;
}

static void list_profiles(const struct ast_file *file, struct str *out)
{
	for (size_t i = 0; i < file->count; i++)
		if (!file->items[i]->is_template)
			str_addf(out, "%s%s", out->size ? ", " : "", file->items[i]->name.text);
}

static const struct ast_profile *profile_error(const struct ast_file *file, const char *program, size_t matches,
					       struct arena *arena, struct diags *diags)
{
	struct diag *diag;
	struct str names;

	str_init(&names, arena);
	list_profiles(file, &names);
	if (names.size == 0) {
		diag = diag_error(diags, "C0511", (struct span){ 0 }, "`%s` holds no profile", file->source->name);
		diag_help(diags, diag,
			  "write `profile NAME /path/of/program { ... }`; a template is used by a profile");
		return NULL;
	}
	diag = diag_error(diags, "C0510", (struct span){ 0 }, "which profile of `%s`?", file->source->name);
	if (program)
		diag_note(diags, diag, "%s of them is for `%s`", matches ? "more than one" : "none", program);
	diag_help(diags, diag, "name one with `--profile NAME`: %s", names.text);
	return NULL;
}

/* The profile by name, by program, or the only one. NULL after a diagnostic. */
static const struct ast_profile *choose_profile(const struct loaded *loaded, const struct ast_file *file,
						struct arena *arena, struct diags *diags)
{
	const struct load_options *options = &loaded->loader->options;
	const struct ast_profile *only = NULL, *match = NULL;
	size_t profiles = 0, matches = 0;

	if (options->profile && find_profile(file, false, options->profile, NULL))
		return find_profile(file, false, options->profile, NULL);
	for (size_t i = 0; i < file->count; i++) {
		if (file->items[i]->is_template)
			continue;
		only = file->items[i];
		profiles++;
		if (options->program && is_for_program(loaded, only, options->program, arena)) {
			match = only;
			matches++;
		}
	}
	if (matches == 1)
		return match;
	return profiles == 1 ? only : profile_error(file, options->program, matches, arena, diags);
}

static int check_profile_option(const struct loaded *loaded, struct arena *arena, struct diags *diags)
{
	const char *wanted = loaded->loader->options.profile;
	struct diag *diag;
	struct str names;

	if (!wanted)
		return 0;
	str_init(&names, arena);
	for (size_t i = 0; i < loaded->sources.count; i++) {
		if (find_profile(loaded->sources.items[i].file, false, wanted, NULL))
			return 0;
		list_profiles(loaded->sources.items[i].file, &names);
	}
	diag = diag_error(diags, "C0512", (struct span){ 0 }, "no profile `%s`", wanted);
	diag_help(diags, diag, "known here are: %s", names.size ? names.text : "none");
	return -EINVAL;
}

/* ---- the stack ---- */

static void add_layer(struct loaded *loaded, const struct ast_file *file, const struct ast_profile *profile,
		      struct arena *arena)
{
	*arena_push(arena, &loaded->sources) = (struct layer_source){ .file = file, .profile = profile };
}

static int add_file(struct loaded *loaded, const struct ast_file *file, struct arena *arena, struct diags *diags)
{
	bool texts_only = loaded->loader->options.texts_only;
	const struct ast_profile *profile = texts_only ? NULL : choose_profile(loaded, file, arena, diags);

	if (!profile && !texts_only)
		return -EINVAL;
	add_layer(loaded, file, profile, arena);
	return 0;
}

/* -a lines: to the last layer, so that every other -p stays the limit that it is. */
static int add_lines(struct loaded *loaded, const struct load_options *options, struct arena *arena,
		     struct diags *diags)
{
	struct ast_block *block = arena_new_of(arena, struct ast_block);
	int result = 0;

	for (size_t i = 0; i < options->addition_count; i++) {
		struct ast_block one = { 0 };
		int error = parse_statements(text_source(arena, "-a", arena_strdup(arena, options->additions[i])),
					     arena, diags, &one);

		if (error)
			result = error;
		for (size_t j = 0; !error && j < one.count; j++)
			*arena_push(arena, block) = one.items[j];
	}
	if (result == 0 && loaded->sources.count == 0) {
		struct ast_file *file;
		const char *text = "cordon 1\n\nprofile command-line {\n}\n";

		result = parse_file(text_source(arena, "command-line", text), arena, diags, &file);
		if (result == 0)
			add_layer(loaded, file, file->items[0], arena);
	}
	if (result == 0)
		loaded->sources.items[loaded->sources.count - 1].extra = block;
	return result;
}

static void start(struct loaded *loaded, const struct load_options *options, struct arena *arena)
{
	struct stat st;

	*loaded = (struct loaded){ .loader = arena_new_of(arena, struct loader) };
	loaded->loader->options = *options;
	if (options->program && stat(options->program, &st) == 0)
		loaded->loader->program = (struct file_identity){ st.st_dev, st.st_ino };
	if (options->surroundings)
		loaded->surroundings = *options->surroundings;
	else
		surroundings_here(arena, &loaded->surroundings);
	loaded->surroundings.find_template = find_template;
	loaded->surroundings.context = loaded->loader;
}

int load_sources(const struct load_options *options, struct arena *arena, struct diags *diags, struct loaded *ret)
{
	struct loaded loaded;
	int result = 0;

	start(&loaded, options, arena);
	for (size_t i = 0; i < options->policy_count + options->text_count; i++) {
		const struct ast_file *file = NULL;
		struct ast_file *parsed;
		int error;

		if (i < options->policy_count) {
			error = load_policy(loaded.loader, options->policies[i], arena, diags, &file);
		} else {
			error = parse_file(&options->texts[i - options->policy_count], arena, diags, &parsed);
			file = error ? NULL : parsed;
		}
		if (error == 0)
			error = add_file(&loaded, file, arena, diags);
		if (error && result == 0)
			result = error;
	}
	if (result == 0)
		result = check_profile_option(&loaded, arena, diags);
	if (result == 0 && options->addition_count)
		result = add_lines(&loaded, options, arena, diags);
	if (result == 0)
		*ret = loaded;
	return result;
}

static bool stands_alone(const struct ast_profile *profile)
{
	for (size_t i = 0; i < profile->parameters.count; i++)
		if (!profile->parameters.items[i].value.text)
			return false;
	return true;
}

void load_each(const struct ast_file *file, struct arena *arena, struct loaded *ret, size_t *ret_skipped)
{
	static const struct load_options options = { .untrusted = true };
	size_t skipped = 0;

	start(ret, &options, arena);
	for (size_t i = 0; i < file->count; i++) {
		if (stands_alone(file->items[i]))
			add_layer(ret, file, file->items[i], arena);
		else
			skipped++;
	}
	*ret_skipped = skipped;
}

/* ---- prefer ---- */

/* Layer @index gives way to the policy that it prefers. Returns 0 (also when it accepts the vanilla kernel and is gone:
 * loaded->vanilla), or an error with a diagnostic. */
static int follow_preference(struct loaded *loaded, size_t index, const struct preference *prefer, struct arena *arena,
			     struct diags *diags)
{
	struct layer_source *layer = &loaded->sources.items[index];
	const struct ast_file *file;
	struct diags missing;
	int error;

	diags_init(&missing, arena);
	error = load_policy(loaded->loader, prefer->name, arena, &missing, &file);
	if (error == -ENOENT && prefer->vanilla) {
		loaded->vanilla = layer->profile->name.text;
		loaded->sources.count--;
		memmove(layer, layer + 1, (loaded->sources.count - index) * sizeof(*layer));
		return 0;
	}
	if (error == 0) {
		layer->file = file;
		layer->profile = choose_profile(loaded, file, arena, diags);
		return layer->profile ? 0 : -EINVAL;
	}
	diag_note(diags,
		  diag_error(diags, "C0513", prefer->span, "the preferred policy `%s` cannot be had", prefer->name),
		  "%s", missing.count ? missing.items[0].message : strerror(-error));
	return error;
}

static const struct preference *find_preference(const struct model *model, size_t *ret_index)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->items[i]->preferences.count) {
			*ret_index = i;
			return &model->items[i]->preferences.items[0];
		}
	return NULL;
}

int load_model(const struct load_options *options, struct arena *arena, struct diags *diags, struct loaded *ret)
{
	const struct preference *prefer = NULL;
	struct loaded loaded;
	size_t index = 0;
	unsigned followed = 0;
	int error = load_sources(options, arena, diags, &loaded);

	do {
		if (error == 0 && prefer)
			error = follow_preference(&loaded, index, prefer, arena, diags);
		if (error == 0)
			error = resolve(loaded.sources.items, loaded.sources.count, &loaded.surroundings, arena, diags,
					&loaded.model);
		prefer = error == 0 ? find_preference(loaded.model, &index) : NULL;
	} while (prefer && ++followed <= PREFER_DEPTH_MAX);
	if (prefer) {
		diag_error(diags, "C0513", prefer->span, "preferred policies prefer each other without end");
		error = -ELOOP;
	}
	if (error == 0)
		*ret = loaded;
	return error;
}

/* load.h - from names to a model: find, trust-check, read, parse, choose the profile, resolve. With policy_file.c the only
 * impure part of src/policy: it reads files, and the surroundings of this process.
 *
 * A policy's name is a file ("/x.cordon", "./x", "web.cordon", "-") or a template ("std/build", "std/build@1"), which
 * becomes a profile that uses it. Names that begin with "std/" are always the templates that Cordon brings: no file of
 * the current directory can take their place. Other names are files where one exists, else templates of the administrator:
 * /etc/cordon/NAME@VERSION.cordon or /etc/cordon/NAME.cordon. */
#ifndef CORDON_POLICY_LOAD_H
#define CORDON_POLICY_LOAD_H

#include "policy/parse.h"
#include "policy/policy_file.h"
#include "policy/resolve.h"

#define TEMPLATE_DIRECTORY "/etc/cordon"

struct load_options {
	const char *const *policies; /* -p */
	size_t policy_count;
	const struct source *texts; /* policies that are in memory already; layers after those of @policies */
	size_t text_count;
	const char *const
		*additions; /* -a: lines that are added to the last policy; without any policy they make one */
	size_t addition_count;
	const char *program; /* real path of what will run: chooses among profiles, and may not be the policy itself */
	const char *profile; /* --profile NAME; NULL: by program, else the only one */
	bool texts_only; /* no profile is chosen: layer_source.profile stays NULL (load_sources() for printing the texts) */
	bool untrusted;                 /* who can write the files doesn't matter: nothing is going to be run */
	const char *template_directory; /* NULL: TEMPLATE_DIRECTORY */
	const struct surroundings *surroundings; /* NULL: those of this process; its callback is replaced */
};

/* The stack, before and after it is resolved. */
struct loaded {
	LAYER_LIST(struct layer_source) sources;
	struct surroundings surroundings;
	struct loader *loader; /* what the callback of @surroundings works with */
	struct model *model;   /* of load_model() */
	const char *vanilla; /* load_model(): the layer that is gone since it accepts the vanilla kernel; NULL: none */
};

/* Read, parse, choose. Returns 0 and *ret (in @arena); -EINVAL with diagnostics; or -errno with a C05xx diagnostic when a
 * file can't be read or trusted. */
must_check int load_sources(const struct load_options *options, struct arena *arena, struct diags *diags,
			    struct loaded *ret);

/* load_sources(), and resolve. `prefer NAME` is followed: the preferred policy takes the layer's place; where it is
 * missing and the layer says `else vanilla`, the layer is dropped and ret->vanilla names it; a model without layers is one
 * without confinement. `else die` is -ENOENT with a diagnostic. */
must_check int load_model(const struct load_options *options, struct arena *arena, struct diags *diags,
			  struct loaded *ret);

/* Only read and parse one file. @trusted as in policy_file_read(). */
must_check int load_file(const char *name, bool trusted, struct arena *arena, struct diags *diags,
			 struct ast_file **ret, struct file_identity *ret_identity);

/* Every profile of @file, and every template whose parameters all have defaults, as a layer each (to be resolved one by
 * one: a template by itself counts its own tests). *ret_skipped: templates that can't stand alone. */
void load_each(const struct ast_file *file, struct arena *arena, struct loaded *ret, size_t *ret_skipped);

/* $HOME, $USER ... of this process. */
void surroundings_here(struct arena *arena, struct surroundings *ret);

#endif

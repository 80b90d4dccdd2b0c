/* host_check.c - stat what rules name; walk below what they restrict, to find files with several names. */
#include "cli/host_check.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define WALK_MAX 200000 /* entries below one root */

static void close_walk(FTS **walk)
{
	if (*walk)
		fts_close(*walk);
}

static bool excepted(const struct rule *rule, const char *path)
{
	for (size_t i = 0; i < rule->excepts.count; i++)
		if (pattern_match(&rule->excepts.items[i], path))
			return true;
	return false;
}

/* The first file below @root that @rule restricts and that has another name; false: there is none. *ret_all: everything
 * was looked at. Nothing is allocated in an arena while the walk is open. */
static bool find_linked(const struct rule *rule, const struct pattern *pattern, char ret_path[PATH_MAX],
			nlink_t *ret_links, bool *ret_all)
{
	char *const roots[] = { (char *)pattern->root, NULL };
	__attribute__((cleanup(close_walk))) FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	size_t seen = 0;
	FTSENT *entry;

	*ret_all = walk != NULL;
	while (walk && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
			*ret_all = false;
		if (++seen > WALK_MAX) {
			*ret_all = false;
			return false;
		}
		if (entry->fts_info != FTS_F || entry->fts_statp->st_nlink < 2 || entry->fts_pathlen >= PATH_MAX ||
		    !pattern_match(pattern, entry->fts_path) || excepted(rule, entry->fts_path))
			continue;
		memcpy(ret_path, entry->fts_path, (size_t)entry->fts_pathlen + 1);
		*ret_links = entry->fts_statp->st_nlink;
		return true;
	}
	return false;
}

static void check_links(const struct rule *rule, const struct pattern *pattern, struct diags *diags)
{
	char path[PATH_MAX];
	struct diag *diag;
	nlink_t links = 0;
	bool all;

	if (find_linked(rule, pattern, path, &links, &all)) {
		diag = diag_warning(diags, "C0515", rule->span, "`%s` has %lu names", path, (unsigned long)links);
		diag_note(diags, diag, "this line holds for the names that it matches; another hard link may be open");
		diag_help(diags, diag, "`find / -xdev -samefile %s` lists them", path);
	} else if (!all) {
		diag = diag_warning(diags, "C0516", rule->span, "not every file below `%s` was looked at",
				    pattern->root);
		diag_note(diags, diag, "some may have hard links elsewhere, for which this line does not hold");
	}
}

static void check_absent(const struct rule *rule, const struct pattern *pattern, struct diags *diags)
{
	struct diag *diag;
	struct stat st;

	if (rule->template_name || stat(pattern->root, &st) == 0)
		return;
	diag = diag_warning(diags, "C0514", rule->span, "`%s` %s", pattern->root,
			    errno == ENOENT || errno == ENOTDIR ? "does not exist on this host"
								: "can't be seen by you");
	diag_note(diags, diag, "what is absent when the program starts is not granted");
}

void host_check(const struct model *model, struct diags *diags)
{
	for (size_t l = 0; l < model->count; l++)
		for (size_t r = 0; r < model->items[l]->rules.count; r++) {
			const struct rule *rule = &model->items[l]->rules.items[r];

			for (size_t p = 0; p < rule->objects.count && !rule->builtin; p++) {
				if (rule->verdict.kind == VERDICT_ALLOW)
					check_absent(rule, &rule->objects.items[p], diags);
				else
					check_links(rule, &rule->objects.items[p], diags);
			}
		}
}

/* host.c - see host.h. */
#include "lib/host.h"

#include <string.h>

#include "enforce/facts.h"
#include "enforce/self.h"
#include "platform/probe.h"

/* Which probes a plan for this layer can depend on; the others cost time for nothing. */
static unsigned wanted_probes(const struct layer *layer)
{
	unsigned wanted = layer->isolate ? PROBE_NAMESPACES : 0;

	if (layer->arches & ~(1u << arch_native()))
		wanted |= PROBE_ARCHES;
	if (layer->wx == WX_SEALED)
		wanted |= PROBE_NOTIFY;
	for (size_t i = 0; i < layer->limits.count; i++)
		if (limit_is_of_domain(layer->limits.items[i].name))
			wanted |= PROBE_CGROUPS;
	for (size_t i = 0; i < layer->rules.count; i++)
		if (layer->rules.items[i].log ||
		    (layer->rules.items[i].class == REQUEST_NET && layer->rules.items[i].operations & NET_ACCEPT))
			wanted |= PROBE_NOTIFY;
	return wanted;
}

int host_ask_kernel(const struct model *model, struct arena *arena, struct kernel_caps *ret)
{
	unsigned wanted = 0;

	for (size_t i = 0; i < model->count; i++) {
		if (model->items[i]->requirements.count)
			return probe_kernel(arena, ret, NULL, NULL);
		wanted |= wanted_probes(model->items[i]);
	}
	return probe_kernel_quick(wanted, ret);
}

static int make(const struct model *model, const struct kernel_caps *caps, const struct host_facts *facts,
		struct arena *arena, struct diags *diags, struct plan **ret)
{
	const int error = plan_make(model, caps, facts, arena, ret);

	if (error)
		diag_error(diags, "C0713", (struct span){ 0 }, "cannot plan: %s", strerror(-error));
	return error;
}

static int diagnose_kernel(int error, struct diags *diags)
{
	if (error)
		diag_error(diags, "C0713", (struct span){ 0 }, "cannot find out what this kernel offers: %s",
			   strerror(-error));
	return error;
}

int host_plan(const struct model *model, const char *program, struct arena *arena, struct diags *diags,
	      struct plan **ret)
{
	struct kernel_caps caps;
	struct host_facts facts;
	int error = diagnose_kernel(host_ask_kernel(model, arena, &caps), diags);

	if (error == 0)
		error = host_facts_gather(model, program, arena, diags, &facts);
	if (error)
		return error;
	return make(model, &caps, &facts, arena, diags, ret);
}

int host_plan_self(const struct model *model, struct arena *arena, struct diags *diags, struct plan **ret)
{
	struct kernel_caps caps;
	struct host_facts facts;
	int error = diagnose_kernel(host_ask_kernel(model, arena, &caps), diags);

	if (error == 0)
		error = host_facts_gather(model, NULL, arena, diags, &facts);
	if (error)
		return error;
	/* What only a start can do is refused for that reason, not because this caller could not do it. */
	memset(caps.ns, true, sizeof(caps.ns));
	caps.mount_setattr = caps.notify = true;
	facts.in_process = true;
	self_facts(arena, &facts);
	return make(model, &caps, &facts, arena, diags, ret);
}

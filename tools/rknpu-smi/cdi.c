// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: A specification for container engines ("Container Device Interface"): the
 * device's nodes, and the runtime library if the host has it. Version 0.5.0 is the
 * one that Debian 12's podman understands. Version 0.7.0 could name the group, but
 * that is not needed: engines let every user in the container use the nodes that they
 * create [seen: podman 4.3].
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "smi.h"

static const char * const libraries[] = {
	"/usr/lib/librknnrt.so",
	"/usr/lib/aarch64-linux-gnu/librknnrt.so",
	"/usr/lib64/librknnrt.so",
	"/usr/local/lib/librknnrt.so",
	"/usr/lib/librkllmrt.so",
	"/usr/local/lib/librkllmrt.so",
};

#define LIBRARIES (sizeof(libraries) / sizeof(libraries[0]))

static void print_nodes(FILE *out, const struct device *dev)
{
	const char * const nodes[] = { dev->card, dev->render };
	const char *comma = "";
	char path[256];
	unsigned int i;

	fputs("        \"deviceNodes\": [", out);
	for (i = 0; i < 2; i++) {
		if (!nodes[i][0])
			continue;
		snprintf(path, sizeof(path), "/dev/dri/%s", nodes[i]);
		fprintf(out, "%s\n          { \"path\": ", comma);
		json_string(out, path);
		fputs(", \"permissions\": \"rw\" }", out);
		comma = ",";
	}
	smi_path(path, sizeof(path), "/dev/rknpu");
	if (!access(path, F_OK))
		fprintf(out, "%s\n          { \"path\": \"/dev/rknpu\", \"permissions\": \"rw\" }", comma);
	fputs("\n        ]", out);
}

static void print_mounts(FILE *out)
{
	const char *comma = "";
	char path[256];
	unsigned int i;

	for (i = 0; i < LIBRARIES; i++) {
		smi_path(path, sizeof(path), "%s", libraries[i]);
		if (access(path, R_OK))
			continue;
		fprintf(out, "%s\n          { \"hostPath\": \"%s\", \"containerPath\": \"%s\", \"options\": [\"ro\", \"nosuid\", \"nodev\", \"bind\"] }",
			*comma ? comma : ",\n        \"mounts\": [", libraries[i], libraries[i]);
		comma = ",";
	}
	if (*comma)
		fputs("\n        ]", out);
}

int cdi_print(FILE *out, const struct device *dev)
{
	fputs("{\n  \"cdiVersion\": \"0.5.0\",\n  \"kind\": \"rockchip.com/npu\",\n"
	      "  \"devices\": [\n    {\n      \"name\": \"all\",\n      \"containerEdits\": {\n", out);
	print_nodes(out, dev);
	print_mounts(out);
	fputs("\n      }\n    }\n  ]\n}\n", out);
	return 0;
}

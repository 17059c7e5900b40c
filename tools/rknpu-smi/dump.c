// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Saves the kernel's dump of the last job that failed. The kernel keeps one such
 * dump until it has been read completely and dropped, or for some minutes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "smi.h"

#define DUMPS "/sys/class/devcoredump"

/* Returns true if a dump is of this device; @path is set to the file with its data */
static bool is_ours(const char *entry, const struct device *dev, char *path, size_t size)
{
	bool ours;
	char *real;

	smi_path(path, size, DUMPS "/%s/failing_device", entry);
	real = realpath(path, NULL);
	ours = real && !strcmp(basename(real), dev->name);
	free(real);
	smi_path(path, size, DUMPS "/%s/data", entry);
	return ours;
}

static bool find(const struct device *dev, char *path, size_t size)
{
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	smi_path(path, size, DUMPS);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.' && is_ours(entry->d_name, dev, path, size);
	closedir(dir);
	return found;
}

static int copy(int in, int out)
{
	char buffer[65536];
	ssize_t got;

	while ((got = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)got) != got)
			return -1;
	return got ? -1 : 0;
}

int dump_save(const struct device *dev, const char *file)
{
	char path[512];
	int in, out, failed;

	if (!find(dev, path, sizeof(path))) {
		fprintf(stderr, "rknpu-smi: there is no dump: no job has failed lately, or the dump has expired\n");
		return 1;
	}
	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0) {
		fprintf(stderr, "rknpu-smi: %s: %s%s\n", path, strerror(errno), errno == EACCES ? ": only root may read a dump" : "");
		return 1;
	}
	/* It contains addresses of another user's program */
	out = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0) {
		fprintf(stderr, "rknpu-smi: %s: %s\n", file, strerror(errno));
		close(in);
		return 1;
	}
	failed = copy(in, out);
	if (failed)
		fprintf(stderr, "rknpu-smi: %s: %s\n", file, strerror(errno));
	close(in);
	if (close(out) || failed)
		return 1;
	printf("%s; rknpu-regcmd --dump %s shows it\n", file, file);
	return 0;
}

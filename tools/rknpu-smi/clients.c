// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Finds the users of the NPU in /proc/PID/fdinfo, using the kernel's "DRM client
 * usage stats". An open file that several processes or descriptors share has one id
 * and is counted once, for the process that is found first.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "smi.h"

static bool is_number(const char *name)
{
	return isdigit((unsigned char)*name) && strspn(name, "0123456789") == strlen(name);
}

/* Parse "N", "N KiB" and so on, a number of bytes or of items */
static uint64_t amount(const char *text)
{
	char *unit;
	uint64_t value = strtoull(text, &unit, 10);

	if (!strncmp(unit, " KiB", 4))
		return value << 10;
	return !strncmp(unit, " MiB", 4) ? value << 20 : value;
}

static void take_key(struct client *c, const char *key, const char *value)
{
	unsigned int core;

	if (!strcmp(key, "drm-client-id"))
		c->id = amount(value);
	else if (sscanf(key, "drm-engine-core%u", &core) == 1 && core < SMI_CORES)
		c->busy_ns[core] = amount(value);
	else if (!strcmp(key, "drm-total-memory") || !strcmp(key, "drm-total-sram"))
		c->memory += amount(value);
	else if (!strcmp(key, "rknpu-jobs-done"))
		c->done = amount(value);
	else if (!strcmp(key, "rknpu-jobs-failed"))
		c->failed = amount(value);
}

/* Returns false if the descriptor is not an open of this device */
static bool read_fdinfo(struct client *c, const char *path, const struct device *dev)
{
	char line[256], *value;
	bool ours = false, here = false;
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	memset(c, 0, sizeof(*c));
	c->at_ns = smi_now_ns();
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		value = strchr(line, ':');
		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		ours |= !strcmp(line, "drm-driver") && !strcmp(value, "rknpu");
		here |= !strcmp(line, "rknpu-device") && !strcmp(value, dev->name);
		take_key(c, line, value);
	}
	fclose(f);
	return ours && here;
}

/* Most descriptors of most processes are for other files: reading their names is cheaper than their fdinfo */
static bool may_be_npu(const char *pid, const char *fd)
{
	char path[512], target[64];
	ssize_t length;

	smi_path(path, sizeof(path), "/proc/%s/fd/%s", pid, fd);
	length = readlink(path, target, sizeof(target) - 1);
	if (length <= 0)
		return false;
	target[length] = '\0';
	return !strncmp(target, "/dev/dri/", 9) || !strcmp(target, "/dev/rknpu");
}

static bool known(const struct clients *clients, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < clients->count; i++)
		if (clients->client[i].id == id)
			return true;
	return false;
}

static void read_process(struct clients *clients, const char *pid, const struct device *dev)
{
	char path[512], comm[32] = "?";
	struct dirent *entry;
	struct stat st = { 0 };
	DIR *dir;

	smi_path(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir) {
		/* A process that has ended in the meantime is not hidden */
		clients->hidden += errno == EACCES || errno == EPERM;
		return;
	}
	fstat(dirfd(dir), &st);
	smi_line(comm, sizeof(comm), "/proc/%s/comm", pid);
	while ((entry = readdir(dir)) && clients->count < SMI_CLIENTS) {
		struct client *c = &clients->client[clients->count];

		if (!is_number(entry->d_name) || !may_be_npu(pid, entry->d_name))
			continue;
		smi_path(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, entry->d_name);
		if (!read_fdinfo(c, path, dev) || known(clients, c->id))
			continue;
		c->pid = atoi(pid);
		c->uid = st.st_uid;
		memcpy(c->comm, comm, sizeof(comm));
		clients->count++;
	}
	closedir(dir);
}

static int by_pid(const void *a, const void *b)
{
	const struct client *x = a, *y = b;

	return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid) : (x->id > y->id) - (x->id < y->id);
}

void clients_read(struct clients *clients, const struct device *dev)
{
	struct dirent **entries;
	char path[512];
	int i, count;

	clients->count = 0;
	clients->hidden = 0;
	smi_path(path, sizeof(path), "/proc");
	/* In numerical order: the parent before the child */
	count = scandir(path, &entries, NULL, versionsort);
	if (count < 0)
		return;
	for (i = 0; i < count; i++) {
		if (is_number(entries[i]->d_name))
			read_process(clients, entries[i]->d_name, dev);
		free(entries[i]);
	}
	free(entries);
	qsort(clients->client, clients->count, sizeof(clients->client[0]), by_pid);
}

static const struct client *find_before(const struct sample *s, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < s->clients_before.count; i++)
		if (s->clients_before.client[i].id == id)
			return &s->clients_before.client[i];
	return NULL;
}

static double percent(uint64_t now, uint64_t before, double whole)
{
	double value = now > before ? (double)(now - before) / whole * 100 : 0;

	return value > 100 ? 100 : value;
}

bool sample_take(struct sample *s, double seconds)
{
	unsigned int i, core;

	if (!device_read(&s->before))
		return false;
	clients_read(&s->clients_before, &s->before);
	if (seconds > 0)
		usleep((useconds_t)(seconds * 1e6));
	if (!device_read(&s->now))
		return false;
	clients_read(&s->clients, &s->now);
	s->seconds = (double)(s->now.at_ns - s->before.at_ns) / 1e9;
	s->measured = seconds > 0;
	for (core = 0; core < SMI_CORES; core++) {
		/* Without an interval, use the driver's value for the last second */
		s->used[core] = seconds > 0 ? percent(s->now.busy_us[core], s->before.busy_us[core], s->seconds * 1e6) :
				s->now.load[core] > 0 ? (double)s->now.load[core] : 0;
		for (i = 0; i < s->clients.count; i++) {
			const struct client *c = &s->clients.client[i], *old = find_before(s, c->id);
			/* Looking through all processes takes a while, so each client has its own interval. */
			uint64_t interval_ns = c->at_ns - (old ? old->at_ns : s->before.at_ns);

			s->share[i][core] = seconds > 0 ?
				percent(c->busy_ns[core], old ? old->busy_ns[core] : 0, (double)interval_ns) : 0;
		}
	}
	return true;
}

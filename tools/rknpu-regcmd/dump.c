// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Reads a device core dump. It comes from the kernel, but may have been
 * changed since: every number is checked, and unknown lines are skipped.
 */
#include "dump.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <drm/rknpu_drm.h>

static void take_text(char *out, size_t size, const char *value)
{
	snprintf(out, size, "%s", value);
}

static uint64_t take_number(const char *value)
{
	return strtoull(value, NULL, 0);
}

static bool append_word(struct image_part *part, uint64_t word)
{
	uint64_t le = htole64(word);
	uint8_t *data = part->data;

	if (!(part->size & (part->size - 1)) || part->size < 64) {
		data = realloc(data, part->size < 64 ? 128 : 2 * part->size);
		if (!data)
			return false;
		part->data = data;
	}
	memcpy(data + part->size, &le, sizeof(le));
	part->size += sizeof(le);
	return true;
}

/* Take a word that continues the last part or begins another one */
static bool take_word(struct image *img, const char *value)
{
	struct image_part *part = img->nparts ? &img->parts[img->nparts - 1] : NULL;
	uint64_t addr, word;

	if (sscanf(value, "%" SCNx64 " %" SCNx64, &addr, &word) != 2 || addr > UINT32_MAX || addr & 7)
		return true;
	if (!part || part->start + part->size != addr) {
		if (img->nparts == IMAGE_MAX)
			return true;
		part = &img->parts[img->nparts++];
		*part = (struct image_part){ .name = "dump", .start = (uint32_t)addr };
	}
	return append_word(part, word);
}

static void take_mapping(struct dump *dump, struct image *img, const char *value)
{
	struct image_buffer *b = &img->buffers[img->nbuffers];
	uint64_t start, size;

	if (sscanf(value, "%" SCNx64 " %" SCNu64, &start, &size) != 2 || start > UINT32_MAX || !size ||
	    size > UINT64_C(1) << 32 || start + size > UINT64_C(1) << 32)
		return;
	dump->mappings++;
	if (img->nbuffers == BUFFERS_MAX)
		return;
	*b = (struct image_buffer){ .name = "", .start = start, .size = size };
	img->nbuffers++;
}

static void take_task(struct dump *dump, const char *value)
{
	struct rknpu_task *task = &dump->task[dump->count];
	unsigned int index, flags, op, enable, mask, clear, status, amount, offset;
	uint64_t addr;

	if (dump->count == DUMP_TASKS ||
	    sscanf(value, "%u %x %x %x %x %x %x %u %u %" SCNx64, &index, &flags, &op, &enable, &mask, &clear, &status, &amount,
		   &offset, &addr) != 10)
		return;
	if (!dump->count)
		dump->shown = index;
	task->flags = htole32(flags);
	task->op_idx = htole32(op);
	task->enable_mask = htole32(enable);
	task->int_mask = htole32(mask);
	task->int_clear = htole32(clear);
	task->int_status = htole32(status);
	task->regcfg_amount = htole32(amount);
	task->regcfg_offset = htole32(offset);
	task->regcmd_addr = htole64(addr);
	dump->count++;
}

static void take_fact(struct dump *dump, const char *key, const char *value)
{
	const struct { const char *key; char *text; size_t size; } texts[] = {
		{ "reason", dump->reason, sizeof(dump->reason) }, { "comm", dump->comm, sizeof(dump->comm) },
		{ "kernel", dump->kernel, sizeof(dump->kernel) }, { "driver", dump->driver, sizeof(dump->driver) },
		{ "soc", dump->soc, sizeof(dump->soc) }, { "status", dump->status, sizeof(dump->status) },
	};
	const struct { const char *key; uint64_t *number; } numbers[] = {
		{ "pid", &dump->pid }, { "core", &dump->core }, { "job", &dump->job }, { "first", &dump->first },
		{ "tasks", &dump->tasks }, { "done", &dump->done }, { "awaited", &dump->awaited }, { "fault", &dump->fault },
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(key, texts[i].key))
			take_text(texts[i].text, texts[i].size, value);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(key, numbers[i].key))
			*numbers[i].number = take_number(value);
	if (!strcmp(key, "fault")) {
		dump->faulted = true;
		dump->fault_write = strstr(value, "write");
	}
	dump->registers += !strcmp(key, "register");
	dump->data += !strcmp(key, "data");
	if (!strcmp(key, "unread") && strlen(dump->unread) + strlen(value) + 3 < sizeof(dump->unread)) {
		strcat(dump->unread, *dump->unread ? ", " : "");
		strcat(dump->unread, value);
	}
}

static bool take_line(struct dump *dump, struct image *img, char *line)
{
	char *value = strchr(line, ' ');

	if (!strcmp(line, "end"))
		dump->cut = false;
	if (!value)
		return true;
	*value++ = '\0';
	if (!strcmp(line, "word"))
		return take_word(img, value);
	if (!strcmp(line, "mapping"))
		take_mapping(dump, img, value);
	else if (!strcmp(line, "task"))
		take_task(dump, value);
	else
		take_fact(dump, line, value);
	return true;
}

bool dump_read(struct dump *dump, struct image *img, const char *file)
{
	char *text, *line, *at;
	size_t size;
	uint8_t *data = read_file(file, &size), *more;

	memset(dump, 0, sizeof(*dump));
	if (!data)
		return false;
	more = realloc(data, size + 1);
	dump->task = calloc(DUMP_TASKS, sizeof(*dump->task));
	if (!more || !dump->task) {
		free(more ? more : data);
		return false;
	}
	text = (char *)more;
	text[size] = '\0';
	dump->cut = true;
	img->placed = true;
	line = strtok_r(text, "\n", &at);
	if (!line || strcmp(line, "rknpu dump 1")) {
		fprintf(stderr, "rknpu-regcmd: %s: no dump of the rknpu driver\n", file);
		free(text);
		return false;
	}
	while ((line = strtok_r(NULL, "\n", &at)))
		if (!take_line(dump, img, line))
			break;
	free(text);
	return true;
}

void dump_print(const struct dump *dump)
{
	uint64_t hung = dump->first + dump->done;

	printf("job %" PRIu64 " of %s[%" PRIu64 "] on core %" PRIu64 " of %s: %s\n", dump->job, dump->comm, dump->pid, dump->core,
	       dump->soc, dump->reason);
	printf("driver %s, Linux %s\n", dump->driver, dump->kernel);
	printf("task %" PRIu64 " did not end: %" PRIu64 " of %" PRIu64 " had ended, the range begins at %" PRIu64 "\n", hung,
	       dump->done, dump->tasks, dump->first);
	if (dump->faulted)
		printf("it %s 0x%08" PRIx64 ", which is not mapped\n", dump->fault_write ? "wrote to" : "read", dump->fault);
	printf("the core showed: %s; awaited 0x%" PRIx64 "\n", dump->status, dump->awaited);
	printf("%u registers, %u mappings%s\n", dump->registers, dump->mappings, dump->cut ? "; the dump is cut off" : "");
	if (*dump->unread)
		printf("not in the device tree, so not shown: registers of %s\n", dump->unread);
	if (dump->data)
		printf("%u lines of buffers' contents\n", dump->data);
	putchar('\n');
}

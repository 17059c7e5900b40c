// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: guest errors: behaviour that the hardware leaves undefined, or that would
 * hang a board. Each one is counted, but only a limited number is printed,
 * because a guest in a loop would fill the disk.
 */
#include <stdarg.h>
#include <stdio.h>

#include "priv.h"

#define ERROR_LINES	200
#define LINE_BYTES	512

static const char *const error_names[] = {
	[TWIN_ERROR_UNDECODED] = "UNDECODED",
	[TWIN_ERROR_SIZE] = "SIZE",
	[TWIN_ERROR_START_BUSY] = "START_BUSY",
	[TWIN_ERROR_START_RESET] = "START_RESET",
	[TWIN_ERROR_START_SLAVE] = "START_SLAVE",
	[TWIN_ERROR_CMD_ALIGN] = "CMD_ALIGN",
	[TWIN_ERROR_S_POINTER] = "S_POINTER",
	[TWIN_ERROR_TLB_STALE] = "TLB_STALE",
	[TWIN_ERROR_TASKS] = "TASKS",
	[TWIN_ERROR_STREAM] = "STREAM",
	[TWIN_ERROR_COMPUTE] = "COMPUTE",
	[TWIN_ERROR_UNTRANSLATED] = "UNTRANSLATED",
	[TWIN_ERROR_RESET_SHORT] = "RESET_SHORT",
	[TWIN_ERROR_RESET_ALONE] = "RESET_ALONE",
	[TWIN_ERROR_MMU_CMD] = "MMU_CMD",
	[TWIN_ERROR_RO_WRITE] = "RO_WRITE",
	[TWIN_ERROR_START_UNPRIMED] = "START_UNPRIMED",
	[TWIN_ERROR_UNPOWERED] = "UNPOWERED",
	[TWIN_ERROR_UNCLOCKED] = "UNCLOCKED",
	[TWIN_ERROR_RATE] = "RATE",
	[TWIN_ERROR_DOMAIN] = "DOMAIN",
};

static void log_error(struct twin *twin, uint32_t code, uint32_t core, uint64_t addr, const char *text)
{
	char line[LINE_BYTES];

	if (twin->errors > ERROR_LINES)
		return;
	if (core == TWIN_NO_CORE)
		snprintf(line, sizeof(line), "twin: guest-error: %s %s (addr 0x%llx)",
			 error_names[code], text, (unsigned long long)addr);
	else
		snprintf(line, sizeof(line), "twin: guest-error: %s %s (core %u, addr 0x%llx)",
			 error_names[code], text, (unsigned int)core, (unsigned long long)addr);
	twin->ops.log(twin->opaque, line);
	if (twin->errors == ERROR_LINES)
		twin->ops.log(twin->opaque, "twin: further guest errors are counted, not printed");
}

void twin_error(struct twin *twin, uint32_t code, uint32_t core, uint64_t addr, const char *format, ...)
{
	char text[LINE_BYTES / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	pthread_mutex_lock(&twin->error_lock);
	twin->errors++;
	twin->error_last = code;
	log_error(twin, code, core, addr, text);
	pthread_mutex_unlock(&twin->error_lock);
}

/* Acknowledge past errors only, never future ones: otherwise a missing error would hide a later one. */
void twin_error_ack(struct twin *twin, uint32_t count)
{
	uint32_t open;

	pthread_mutex_lock(&twin->error_lock);
	open = twin->errors - twin->errors_acked;
	twin->errors_acked += count < open ? count : open;
	pthread_mutex_unlock(&twin->error_lock);
}

uint32_t twin_error_unacked(struct twin *twin)
{
	uint32_t open;

	pthread_mutex_lock(&twin->error_lock);
	open = twin->errors - twin->errors_acked;
	pthread_mutex_unlock(&twin->error_lock);
	return open;
}

bool twin_access_is_word(struct twin *twin, uint32_t core, uint32_t offset, unsigned int bytes)
{
	if (bytes == 4 && !(offset & 3))
		return true;
	twin_error(twin, TWIN_ERROR_SIZE, core, offset, "%u byte access", bytes);
	return false;
}

void twin_summary(struct twin *twin, char *line, size_t bytes)
{
	uint32_t open = twin_error_unacked(twin);

	snprintf(line, bytes, "twin: %u guest errors, %u unacknowledged", (unsigned int)twin->errors,
		 (unsigned int)open);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#define _GNU_SOURCE
#include "said.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "ktap.h"

static int kept = -1, was[2];
static char *text;

void said_begin(void)
{
	fflush(stdout);
	kept = memfd_create("said", MFD_CLOEXEC);
	was[0] = dup(STDOUT_FILENO);
	was[1] = dup(STDERR_FILENO);
	ASSERT(kept >= 0 && was[0] >= 0 && was[1] >= 0);
	dup2(kept, STDOUT_FILENO);
	dup2(kept, STDERR_FILENO);
}

const char *said_end(void)
{
	off_t bytes;

	fflush(stdout);
	dup2(was[0], STDOUT_FILENO);
	dup2(was[1], STDERR_FILENO);
	close(was[0]);
	close(was[1]);
	bytes = lseek(kept, 0, SEEK_END);
	free(text);
	text = calloc(1, bytes + 1);
	ASSERT(text && pread(kept, text, bytes, 0) == bytes);
	close(kept);
	return text;
}

/* "E RKNN: [12:34:56.789] what" */
static const char *message(const char *line)
{
	const char *end;

	if (strncmp(line, "E RKNN: ", 8))
		return NULL;
	end = strstr(line, "] ");
	return end ? end + 2 : line + 8;
}

/* Calls @call for each error, until it returns a text */
static const char *each_error(const char *said, const char *(*call)(const char *))
{
	static char line[400];
	const char *at, *end, *found, *error;

	for (at = said; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(end - at), at);
		error = message(line);
		found = error ? call(error) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

static const char *note(const char *error)
{
	const char *advice = strstr(error, ", please try");

	ktap_note("runtime: %.*s", advice ? (int)(advice - error) : 400, error);
	return NULL;
}

void said_errors(const char *said)
{
	each_error(said, note);
}

/* The runtime prints this for operators that it does not support; all other errors may be caused by the driver. */
static const char *refusal(const char *error)
{
	static const char pattern[] = "(unsupp|not support|only support|unknown op|not register)";
	regex_t re;
	bool match;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB | REG_ICASE))
		return NULL;
	match = !regexec(&re, error, 0, NULL, 0);
	regfree(&re);
	return match ? error : NULL;
}

const char *said_refusal(const char *said)
{
	return each_error(said, refusal);
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 */
#include <stdarg.h>
#include <stdio.h>

#include "tap.h"

static unsigned int count, failed;

void tap_ok(bool ok, const char *name, ...)
{
	va_list args;

	failed += !ok;
	printf("%sok %u - ", ok ? "" : "not ", ++count);
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

void tap_note(const char *text, ...)
{
	va_list args;

	printf("# ");
	va_start(args, text);
	vprintf(text, args);
	va_end(args);
	printf("\n");
}

int tap_done(void)
{
	printf("1..%u\n", count);
	return failed ? 1 : 0;
}

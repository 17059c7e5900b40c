/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The driver as seen by the administrator: binding to devices, unloading, and
 * suspending the machine.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#define DRIVER_PATH	"/sys/bus/platform/drivers/RKNPU"

/* Writes to a sysfs file; returns 0 or -errno */
int driver_write(const char *path, const char *text);
/* Reads a file with a single read() and terminates the text; returns 0 or -errno */
int driver_read(const char *path, char *text, size_t size);
/* Sets a module parameter; returns 0 or -errno. Those in lib/twin.c are restored after the case. */
int driver_set_param(const char *name, const char *value);
int driver_get_param(const char *name, char *value, size_t size);
/* @what is "bind" or "unbind"; returns 0 or -errno */
int driver_bind(const char *what, const char *device);
/*
 * Whether the kernel's driver of power domains reports that one was refused. Those before 6.15 do not,
 * and go on to access registers without power [pm-domains.c].
 */
bool driver_hears_of_refused_domains(void);
/* Opens the render node as soon as it exists; returns a descriptor or -ENODEV */
int driver_open_soon(void);
/* Tries to unload the module; returns 0 or -errno */
int driver_unload(void);

/*
 * Keeps the cores powered while a case counts their resets, because a core that goes off is reset
 * too. Has no effect if the caller may not write these files. lib/twin.c restores it after the case.
 */
void driver_keep_on(bool on);
bool driver_keeps_on(void);

#endif /* DRIVER_H */

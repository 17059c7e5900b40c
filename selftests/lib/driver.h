/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The driver as the administrator sees it: bound to devices, loaded, and the
 * machine put to sleep under it.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#define DRIVER_PATH	"/sys/bus/platform/drivers/RKNPU"

/* Writes to a file of sysfs: 0 or -errno */
int driver_write(const char *path, const char *text);
/* What one read() gives of a file, ended with a zero: 0 or -errno */
int driver_read(const char *path, char *text, size_t size);
/* A parameter of the module: 0 or -errno. Those in lib/twin.c are what they were again after the case. */
int driver_set_param(const char *name, const char *value);
int driver_get_param(const char *name, char *value, size_t size);
/* @what is bind or unbind: 0 or -errno */
int driver_bind(const char *what, const char *device);
/* The render node, as soon as it is there: a descriptor or -ENODEV */
int driver_open_soon(void);
/* Tries to unload the module: 0 or -errno */
int driver_unload(void);

#endif /* DRIVER_H */

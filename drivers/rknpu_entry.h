/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_ENTRY_H
#define RKNPU_ENTRY_H

struct file;

long rknpu_entry_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* RKNPU_ENTRY_H */

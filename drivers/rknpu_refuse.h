/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_REFUSE_H
#define RKNPU_REFUSE_H

#include <drm/drm_device.h>
#include <drm/drm_print.h>

/**
 * rknpu_refuse() - report which field of a request is wrong
 * @drm: the device
 * @field: name of the field, a string literal
 * @value: its value
 *
 * The caller of an ioctl gets only an errno. With drm.debug=2 the kernel log names the
 * field and the calling function.
 *
 * Return: -EINVAL.
 */
#define rknpu_refuse(drm, field, value) \
	({ drm_dbg_driver(drm, "%s: " field " %#llx\n", __func__, (unsigned long long)(value)); -EINVAL; })

#endif /* RKNPU_REFUSE_H */

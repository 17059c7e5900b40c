/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: differences between QEMU 7.2 and 11 in the location and form of the
 * interfaces that the glue uses. TWIN_QEMU_VERSION is major * 100 + minor of the
 * headers.
 */
#ifndef TWIN_QEMU_COMPAT_H
#define TWIN_QEMU_COMPAT_H

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "qapi/qapi-commands-control.h"
#include "qapi/qapi-types-control.h"
#include "qemu/config-file.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/option.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"
#include "qemu/timer.h"

#if __has_include("system/memory.h")		/* 10.1 */
#include "system/address-spaces.h"
#include "system/memory.h"
#else
#include "exec/address-spaces.h"
#include "exec/memory.h"
#endif
#if __has_include("hw/core/irq.h")		/* 11.0 */
#include "hw/core/irq.h"
#include "hw/core/qdev.h"
#include "hw/core/qdev-properties.h"
#else
#include "hw/irq.h"
#include "hw/qdev-core.h"
#include "hw/qdev-properties.h"
#endif
#if __has_include("system/reset.h")		/* 10.0 */
#include "system/reset.h"
#include "system/system.h"
#else
#include "sysemu/reset.h"
#include "sysemu/sysemu.h"
#endif

#if TWIN_QEMU_VERSION >= 1001
#define TWIN_CLASS_DATA const void
#else
#define TWIN_CLASS_DATA void
#endif
#if TWIN_QEMU_VERSION >= 1000
#define TWIN_PROPERTY const Property
#define TWIN_PROPERTIES_END
#else
#define TWIN_PROPERTY Property
#define TWIN_PROPERTIES_END DEFINE_PROP_END_OF_LIST()
#endif

#if TWIN_QEMU_VERSION >= 900
#define twin_lock()	bql_lock()
#define twin_unlock()	bql_unlock()
#else
#define twin_lock()	qemu_mutex_lock_iothread()
#define twin_unlock()	qemu_mutex_unlock_iothread()
#endif
/* Since 8.1 and in earlier stable releases: the Makefile checks for it */
#ifdef TWIN_REENTRANCY_GUARD
#define twin_allow_reentrancy(region)	((region)->disable_reentrancy_guard = true)
#else
#define twin_allow_reentrancy(region)	((void)(region))
#endif

#endif /* TWIN_QEMU_COMPAT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Passes descriptors from one process to another through a datagram socket.
 */
#ifndef FDS_H
#define FDS_H

/* At most eight descriptors; the case fails on errors */
void send_fds(int socket, const int *fds, unsigned int num);
void receive_fds(int socket, int *fds, unsigned int num);

#endif /* FDS_H */

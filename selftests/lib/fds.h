/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Descriptors that one process gives another, through a datagram socket.
 */
#ifndef FDS_H
#define FDS_H

/* At most eight; the case fails if that does not work */
void send_fds(int socket, const int *fds, unsigned int num);
void receive_fds(int socket, int *fds, unsigned int num);

#endif /* FDS_H */

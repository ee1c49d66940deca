/* SPDX-License-Identifier: MIT */
/* What the BPF program and the C++ program share. */
#ifndef APP_PACKET_STATS_H_
#define APP_PACKET_STATS_H_

#include <linux/types.h>

struct packet_stats {
  __u64 packets;
  __u64 bytes;
};

#endif /* APP_PACKET_STATS_H_ */

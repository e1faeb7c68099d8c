/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */
#include "scripted-relay.h"
int main (void) { return 0; }

// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// js-libp2p 3 wants Promise.withResolvers, which Node has since 22. Loaded
// before the program by --import.

Promise.withResolvers ??= function () {
  const it = {}
  it.promise = new this((resolve, reject) => Object.assign(it, { resolve, reject }))
  return it
}

// Package worker runs guests in processes of their own, one for each key (a tenant, or one job of a tenant). A worker is this
// binary again. It compiles nothing that was not compiled in the jail, opens no files and has no network; it holds its guests'
// memories and nothing else. Every host function is a message to the server, which does the work on its side of the memory
// file that both map. A guest that breaks out of its sandbox is in a process that holds one tenant's guests' memories, and
// whose messages the server checks as it checks a guest's.
//
// The socket of each slot carries, from the server:
//
//	begin   limit, fuel                 sets a module up
//	call    limit, fuel, op, length     resets the slot and sends a request
//	abi     limit, fuel                 asks for the version
//	filled                              the request is in the memory
//	result  values…                     of a host function
//	trap                                instead of a result: the call ends
//
// and from the worker, each with the memory's size and the fuel that is left:
//
//	host    index, values…              a host function; index 0 is refuel
//	fill    pointer                     where the request goes
//	done    value…                      what the guest returned, or its globals
//	fail    text                        the guest trapped
package worker

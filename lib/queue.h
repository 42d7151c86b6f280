/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "patience.h"
#include "ref.h"
#include "waker.h"

/*
 * Message queues of both families behind one handle.  Which family it is says
 * the REF; a caller asks only where a family has something that the other has
 * not.
 *
 * Failures are -1 with errno, the same for both families where they mean the
 * same: ENOENT there is no such queue; EIDRM it has been removed; EACCES not
 * allowed; EAGAIN full or empty, and waiting was not asked for; EMSGSIZE the
 * message is longer than the queue takes; EINTR a cause of the waker's, not of
 * time, ended the wait; ESRCH the waker's process has ended;
 * ETIMEDOUT patience ended.
 * Sources: mq_overview(7), sysvipc(7).
 */
struct queue_family;

struct queue {
	const struct queue_family *family;
	int handle;         /* a descriptor (POSIX) or an id (System V) */
	bool can_send;      /* it was opened for sending, too */
	size_t message_max; /* bytes of the longest message that it takes */
	size_t room;        /* bytes that a buffer for any message needs */
	char *staging;      /* System V: where a message gets its type in front */
	bool one_at_a_time; /* setting: nobody has many messages for us; wait at once */
	int service;        /* System V: the file with the lock of queue_serve(), or 0 */
};

/* What a new queue is to be like; 0: the system's default. */
struct queue_shape {
	int64_t depth;        /* POSIX: messages */
	int64_t message_size; /* POSIX: bytes */
	int64_t capacity;     /* System V: bytes of all messages together */
	mode_t mode;
};

/* What is known of a queue without taking part in it. */
struct queue_facts {
	int64_t messages;
	int64_t bytes;
	int64_t depth;        /* POSIX */
	int64_t message_size; /* POSIX; System V: the system's limit */
	int64_t capacity;     /* System V */
	mode_t mode;
	uid_t owner, creator; /* POSIX: the same */
	gid_t group, creator_group;
	dev_t device; /* POSIX: with INODE, which queue it is, whatever its name */
	ino_t inode;
};

/* Which message to take: any (0), type N, the lowest up to N, any but N. */
enum queue_pick {
	QUEUE_ANY,
	QUEUE_TYPE,
	QUEUE_LOWEST,
	QUEUE_NOT,
};

struct queue_choice {
	enum queue_pick pick;
	long type;
};

/*
 * Read N, -N, not:N or !N (N from 1 to LONG_MAX) as a choice.  Returns NULL, or
 * a phrase that says what is wrong.
 */
const char *queue_scan_choice(const char *text, struct queue_choice *choice);

/* Whether a message of TYPE is one of those that CHOICE means. */
bool queue_is_chosen(const struct queue_choice *choice, long type);

enum queue_access {
	QUEUE_SEND,
	QUEUE_RECEIVE, /* and send, where that is allowed */
};

/*
 * Make the queue that REF names, exclusively (EEXIST) and with exactly the
 * mode asked for; REF->id is set for System V.  Nothing is left when it fails.
 * Other errnos: queue_hint() knows what they mean.
 */
int queue_create(struct queue *queue, struct ref *ref, const struct queue_shape *shape);

/* Open an existing queue.  For a System V REF with a key, REF->id is set. */
int queue_open(struct queue *queue, struct ref *ref, enum queue_access access);

/* Release what queue_create() or queue_open() took; the queue itself stays. */
void queue_close(struct queue *queue);

/*
 * Make a POSIX queue that has no name any more: nobody but who is given its
 * descriptor has it.  Killed in the instant between, it leaves an empty queue
 * QUEUE_PRIVATE_PREFIX "PID.NUMBER" of mode 0600, which queue_sweep() removes.
 */
#define QUEUE_PRIVATE_PREFIX "/ipcbox-private."
int queue_create_private(struct queue *queue, const struct queue_shape *shape);

/* The process that made the private queue NAME (without its slash); 0: it is none. */
pid_t queue_private_creator(const char *name);
void queue_sweep(void);

/* Take DESCRIPTOR, of an open POSIX queue, for sending.  Returns 0, or -1 with errno. */
int queue_adopt(struct queue *queue, int descriptor);

/*
 * One process at a time can serve a queue; that is known to all who can open
 * it, and ends with the process.  queue_serve() returns 0, or -1 with errno:
 * EAGAIN somebody serves it.  queue_server() returns who does, as far as that
 * can be seen from here: a PID, 0 for nobody, -1 with errno: ESRCH somebody
 * who has no PID here.  Whoever may not read the queue does not count.
 * The process must not open or close a POSIX queue of that name meanwhile.
 * Source: fcntl(2), advisory record locking.
 */
int queue_serve(struct queue *queue);
pid_t queue_server(struct queue *queue);

/* Remove the queue that REF names. */
int queue_remove(const struct ref *ref);

/* Look at a queue; it is not changed by that. */
int queue_look(const struct queue *queue, struct queue_facts *facts);

/* Look at it by name, with whatever permissions its messages have. */
int queue_look_by_ref(const struct ref *ref, struct queue_facts *facts);

/*
 * Send LENGTH bytes with LABEL: a priority (POSIX, 0 to 32767) or a type
 * (System V, 1 to LONG_MAX).  queue_send_now() never waits.
 */
int queue_send_now(struct queue *queue, const char *bytes, size_t length, long label);
int queue_send(struct queue *queue, const char *bytes, size_t length, long label,
	       const struct patience *patience, struct waker *waker);

/*
 * Take a message into SIZE bytes at BUFFER, in front of which QUEUE_HEADROOM
 * bytes are free and aligned as a long.  Returns its length, with LABEL set.
 * POSIX wants queue->room bytes; System V tells by E2BIG that a message needs
 * more than SIZE: queue->room has then been raised, and the message is still there.
 */
enum { QUEUE_HEADROOM = sizeof(long) };
ssize_t queue_receive_now(struct queue *queue, char *buffer, size_t size,
			  const struct queue_choice *choice, long *label);
ssize_t queue_receive(struct queue *queue, char *buffer, size_t size,
		      const struct queue_choice *choice, long *label,
		      const struct patience *patience, struct waker *waker);

/*
 * Copy the message at INDEX (0: the oldest) without taking it, as
 * queue_receive_now() does.  ENOMSG: there are no more; ENOTSUP: POSIX, or a
 * kernel without MSG_COPY; EINVAL: this one is longer than kernel.msgmax is now.
 */
ssize_t queue_copy(struct queue *queue, long index, char *buffer, size_t size, long *label);

/*
 * What ends a wait beside its time: for WAKER->object, the descriptor that
 * tells of the queue's removal, or -1 where the call itself does.
 */
int queue_watchable(const struct queue *queue);

/* Whether it is a POSIX queue that was removed: who has it open still uses it, and nobody else. */
bool queue_is_nameless(const struct queue *queue);

/*
 * A few words in brackets that explain ERROR, which came of a queue_create()
 * with SHAPE or of another call (SHAPE is NULL): the limit that was met, its
 * value, what was needed and where it is set; the object's owner and mode.
 * Fills HINT, of QUEUE_HINT_MAX bytes; empty when the errno says it all.
 */
enum { QUEUE_HINT_MAX = 512 };
void queue_hint(char *hint, const struct ref *ref, const struct queue_shape *shape, int error);

/*
 * What a POSIX queue of this shape costs its owner of RLIMIT_MSGQUEUE, in bytes.
 * Source: mqueue_get_inode() in the kernel.
 */
int64_t queue_charge(int64_t depth, int64_t message_size);

#endif

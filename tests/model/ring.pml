/*
 * The protocol of rings (lib/ring-producer.c, lib/ring-consumer.c, lib/ring-roles.c;
 * ipc-ring(5)) with one or two producers and a consumer, each of which may be
 * killed between any two steps and is then started anew, CRASHES times in all.
 * A record is one slot.
 *
 * Properties:
 *   - a record that is read is whole, and the next one: no loss, no change of
 *     order (assertions in deliver());
 *   - a record comes twice only if it is of the block that was written last and
 *     was not released (the same);
 *   - one of the two places always belongs to a counter (FIND);
 *   - nobody waits for ever while there is something to do: no state but the end
 *     is without a next step, and, under weak fairness, everything put is
 *     delivered in the end (the formula "all").
 *
 * UNTIMED makes the waits have no time-out, as they must not: spin then finds
 * the producer that is killed between its publish and its wake.
 * EARLY makes the consumer release before it has written: spin finds the loss.
 */
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef EACH
#define EACH 2 /* records of each producer */
#endif
#ifndef CAP
#define CAP 2
#endif
#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#define BATCH 2
#define TOTAL (PRODUCERS * EACH)
#define SHIFT 7 /* numbers begin there, positions at 0 */

typedef Place {
	byte position;
	byte number
};

/* The memory. */
byte data[CAP];
bool torn[CAP]; /* the slot is being written */
byte in, out;
Place in_places[2], out_places[2];
byte in_word, out_word;
bool producer_waits, consumer_waits, ended, wanted;

/* The kernel's. */
byte turn, role; /* who holds the lock; 0: nobody */
bool producer_sleeps, consumer_sleeps;

/* What the outside sees. */
byte crashes, sent[3], delivered, block;
bool over;

inline crash(me)
{
	/* The kernel takes the locks back, and a dead process does not sleep. */
	if
	:: atomic { crashes < CRASHES ->
		crashes++;
		if :: turn == me -> turn = 0 :: else fi;
		if :: role == me -> role = 0; producer_sleeps = false :: else fi;
		goto start }
	:: skip
	fi
}

inline crash_consumer()
{
	if
	:: atomic { crashes < CRASHES ->
		crashes++;
		consumer_sleeps = false;
		goto start }
	:: skip
	fi
}

#define FIND(places, wanted, found) \
	d_step { \
		assert(places[0].position == wanted || places[1].position == wanted); \
		if \
		:: places[0].position == wanted -> found = places[0].number \
		:: else -> found = places[1].number \
		fi; \
		assert(found == wanted + SHIFT) \
	}

#ifdef UNTIMED
#define TIME_OUT(sleeps)
#else
#define TIME_OUT(sleeps) :: sleeps -> sleeps = false
#endif

/* FUTEX_WAIT: sleeps only if the word is still the one that was seen. */
#define FUTEX_WAIT(word, seen, sleeps) \
	atomic { \
		if \
		:: word == seen -> sleeps = true \
		:: else \
		fi \
	} \
	if \
	:: !sleeps \
	TIME_OUT(sleeps) \
	fi

#define NOTIFY(word, waits, sleeps, CRASH) \
	word++; \
	CRASH; \
	if \
	:: waits -> \
		waits = false; \
		CRASH; \
		sleeps = false \
	:: else \
	fi

inline publish(me)
{
	if
	:: at != published ->
		k = (in_places[0].position == published -> 1 : 0);
		in_places[k].position = at;
		crash(me);
		in_places[k].number = at + SHIFT;
		crash(me);
		d_step { in = at; sent[me] = sent[me] + at - published };
		crash(me);
		published = at;
		NOTIFY(in_word, consumer_waits, consumer_sleeps, crash(me))
	:: else
	fi
}

inline take_role(me)
{
	if
	:: atomic { !wanted && role == 0 -> role = me }
	:: atomic { (wanted || role != 0) && turn == 0 -> turn = me };
		crash(me);
		wanted = true;
		crash(me);
		atomic { role == 0 -> role = me }
		crash(me);
		wanted = false;
		crash(me);
		turn = 0
	fi;
	crash(me);
	at = in;
	FIND(in_places, at, number);
	published = at;
	seen_out = out;
	producer_waits = false;
	assert(at - seen_out <= CAP)
}

proctype producer(byte me)
{
	byte at, published, seen_out, number, k, word;
start:
	at = 0; published = 0; seen_out = 0; number = 0; k = 0; word = 0;
	do
	:: sent[me] == EACH -> break
	:: else ->
		take_role(me);
		do
		:: at - published < BATCH && sent[me] + at - published < EACH ->
			seen_out = out;
			if
			:: at - seen_out < CAP ->
				torn[at % CAP] = true;
				crash(me);
				data[at % CAP] = at + 1;
				torn[at % CAP] = false;
				at++
			:: else ->
				publish(me);
				word = out_word;
				producer_waits = true;
				crash(me);
				if
				:: at - out < CAP
				:: else -> FUTEX_WAIT(out_word, word, producer_sleeps)
				fi
			fi;
			crash(me)
		:: at != published || sent[me] == EACH -> break
		od;
		publish(me);
		role = 0
	od;
	/* Whoever finds that all is there marks the end. */
	if
	:: in == TOTAL ->
		take_role(me);
		ended = true;
		crash(me);
		NOTIFY(in_word, consumer_waits, consumer_sleeps, crash(me));
		role = 0
	:: else
	fi
}

/* A block of records is written out, in one step. */
inline deliver()
{
	d_step {
		assert(block <= at && at <= delivered);
		if
		:: at + n > delivered -> delivered = at + n; block = at
		:: else /* only what was written before */
		fi
	}
}

inline release()
{
	k = (out_places[0].position == at -> 1 : 0);
	out_places[k].position = at + n;
	crash_consumer();
	out_places[k].number = at + n + SHIFT;
	crash_consumer();
	out = at + n;
	crash_consumer();
	NOTIFY(out_word, producer_waits, producer_sleeps, crash_consumer())
}

proctype consumer()
{
	byte at, seen_in, number, n, k, word;
	bool seen_end;
start:
	seen_in = 0; n = 0; k = 0; word = 0; number = 0; seen_end = false;
	at = out;
	FIND(out_places, at, number);
	do
	:: true ->
		seen_end = ended;
		seen_in = in;
		assert(seen_in - at <= CAP);
		if
		:: seen_in == at && seen_end -> break
		:: seen_in == at && !seen_end ->
			word = in_word;
			consumer_waits = true;
			crash_consumer();
			if
			:: in != at || ended
			:: else -> FUTEX_WAIT(in_word, word, consumer_sleeps)
			fi
		:: seen_in != at ->
			n = 0;
			do
			:: at + n < seen_in && n < BATCH ->
				assert(!torn[(at + n) % CAP]);
				assert(data[(at + n) % CAP] == at + n + 1);
				n++
			:: n > 0 -> break
			od;
			crash_consumer();
#ifdef EARLY
			release();
			crash_consumer();
			deliver();
#else
			deliver();
			crash_consumer();
			release();
#endif
			at = at + n
		fi;
		crash_consumer()
	od;
	assert(delivered == TOTAL);
	over = true
}

init {
	atomic {
		in_places[0].number = SHIFT; in_places[1].number = SHIFT;
		out_places[0].number = SHIFT; out_places[1].number = SHIFT;
		run producer(1);
		if :: PRODUCERS == 2 -> run producer(2) :: else fi;
		run consumer()
	}
}

ltl all { <> over }

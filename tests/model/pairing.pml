/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A pairing with its files, as README.md beside this file has it in words: one invite, two joiners who have the code,
 * somebody who guesses, people who cancel and undo, and a network that does as it likes. SPIN searches every order.
 *
 * The network: whatever was said in a run may be delivered at any later time or never. What is out of turn or of another
 * run does not pass the machine (the unit tests show that) and only ends the run, and any run may end at any time. So
 * losing, delaying, repeating and cutting are all here. A killed process loses all but its files.
 *
 * Each atomic block is one turn of a main loop, or one file written whole. Once "calm", nobody is killed or cut, no disk
 * is full, nobody begins anything new; when nothing is left to do then, both sides must agree. */

#define N       2 /* joiners with the right code */
#define GUESSER 2
#define NOBODY  3
#define GUESSES 3
#define RIGHT(who) ((who) < N)
/* The joiners are alike, so it is enough that one pairing is undone by people. */
#define CHANGES_MIND(j) ((j) == 0)

/* The invite in memory. GONE: not there after a start. */
#define GONE    0
#define OPEN    1
#define CLAIMED 2
#define USED    3
#define OVER    4 /* cancelled or expired */
#define DEAD    5

/* Records. */
#define NONE      0
#define PREPARED  1
#define COMMITTED 2
#define COMPLETE  3

/* Messages to the inviter, and to the joiner. END: the stream was closed cleanly. */
#define HELLO        1
#define CONFIRM      2
#define ACCEPT       4
#define DONE         8
#define SHARE        1
#define OFFER        2
#define REFUSED      4
#define IS_COMMITTED 8
#define END          16

/* The inviter's run with a joiner. */
#define R_NONE     0
#define R_CONFIRM  1
#define R_ACCEPT   2
#define R_WRITTEN  3
#define R_CLEARED  4
#define R_APPLIED  5
#define R_DONE     6
#define R_UNDO     7
#define R_UNDONE   8

/* The joiner's. */
#define J_NONE     0
#define J_SHARE    1
#define J_OFFER    2
#define J_PREPARED 3
#define J_WAIT     4
#define J_COMMIT   5
#define J_WRITTEN  6
#define J_APPLIED  7
#define J_END      8

/* A joiner that comes again. */
#define S_NONE    0
#define S_ASKED   1
#define S_STATUS  2
#define S_WRITTEN 3
#define S_SAID    4
#define S_END     5
#define S_UNKNOWN 6

bit calm;

/* The inviter's disk */
bit ifile; /* the invite was left with a relay */
byte irec[N];
bit iauth[N];
/* ... and memory. up: 1: has applied its records, 2: listens */
byte iup = 2, inv = OPEN, claimer = NOBODY, guesses;
bit spoken = 1; /* knows the words */
byte irun[N], iundo[N];
bit stale[N]; /* the run is one that the joiner has given up */

/* The joiners' disks and memories */
byte jrec[N];
bit jauth[N], jup[N];
byte jrun[N], jundo[N];
byte again[N];

/* The network */
byte to_inviter[N], to_joiner[N], old[N];
byte guessing;

/* What nobody knows but the model */
bit over, cancelled, broken, iundone[N], jundone[N], committed[N];
byte judged;

/* between the record and the files made of it, one way or the other */
#define busy(j)      ((irun[j] >= R_WRITTEN && irun[j] != R_DONE) || iundo[j] != 0)
#define paired(j)   (irec[j] != NONE || iauth[j])
#define has_heard(j) (stale[j] -> old[j] : to_inviter[j])

inline tell (j, what)
{
  if
  :: !stale[j] && jrun[j] != J_NONE -> to_joiner[j] = to_joiner[j] | what
  :: else
  fi
}

/* The end of a run that has not committed gives the claim back. */
inline end_run (j)
{
  if
  :: inv == CLAIMED && claimer == j -> inv = OPEN; claimer = NOBODY
  :: else
  fi;
  irun[j] = R_NONE;
  /* nobody is there to hear the rest */
  if
  :: !stale[j] -> to_inviter[j] = to_inviter[j] & HELLO
  :: else
  fi;
  old[j] = 0;
  stale[j] = 0
}

inline end_join (j)
{
  jrun[j] = J_NONE;
  to_joiner[j] = 0
}

/* The inviter's side of one joiner */
proctype Inviter (byte j)
{
end:
  do
  :: atomic { iup == 2 && (to_inviter[j] & HELLO) && irun[j] <= R_ACCEPT ->
       to_inviter[j] = to_inviter[j] & ~HELLO;
       end_run (j);
       if
       :: inv == OPEN -> irun[j] = R_CONFIRM; tell (j, SHARE)
       :: else
       fi }
  :: atomic { irun[j] == R_CONFIRM && (has_heard (j) & CONFIRM) ->
       if
       :: inv == OPEN && RIGHT (j) ->
            inv = CLAIMED; claimer = j; irun[j] = R_ACCEPT; tell (j, OFFER)
       :: else -> end_run (j)
       fi }
  :: atomic { irun[j] == R_ACCEPT && (has_heard (j) & ACCEPT) ->
       if
       :: inv == CLAIMED && claimer == j ->
            assert (!committed[0] && !committed[1] && !cancelled);
            assert (jrec[j] != NONE || jundone[j]);
            irec[j] = COMMITTED; committed[j] = 1;
            inv = USED; claimer = NOBODY;
            irun[j] = R_WRITTEN
       :: !calm && inv == CLAIMED && claimer == j -> tell (j, REFUSED); end_run (j) /* the disk is full */
       :: else -> tell (j, REFUSED); end_run (j)
       fi }
  :: atomic { irun[j] == R_WRITTEN -> ifile = 0; irun[j] = R_CLEARED }
  :: atomic { irun[j] == R_CLEARED -> iauth[j] = 1; irun[j] = R_APPLIED }
  :: atomic { irun[j] == R_CLEARED && !calm -> irun[j] = R_UNDO }
  :: atomic { irun[j] == R_UNDO -> iauth[j] = 0; irun[j] = R_UNDONE }
  :: atomic { irun[j] == R_UNDONE -> irec[j] = NONE; tell (j, REFUSED); end_run (j) }
  :: atomic { irun[j] == R_APPLIED -> tell (j, IS_COMMITTED); irun[j] = R_DONE }
  :: atomic { irun[j] == R_DONE && (has_heard (j) & DONE) -> irec[j] = COMPLETE; tell (j, END); end_run (j) }
  /* a loss, or the deadline */
  :: atomic { irun[j] == R_CONFIRM || irun[j] == R_ACCEPT || irun[j] == R_DONE -> end_run (j) }
  /* RESUME */
  :: atomic { iup == 2 && again[j] == S_ASKED && !busy (j) ->
       if
       :: irun[j] == R_CONFIRM || irun[j] == R_ACCEPT -> end_run (j)
       :: else
       fi;
       if
       :: irec[j] != NONE -> again[j] = S_STATUS
       :: else -> again[j] = S_UNKNOWN
       fi }
  :: atomic { iup == 2 && again[j] == S_SAID ->
       if
       :: irec[j] != NONE -> irec[j] = COMPLETE; again[j] = S_END
       :: else -> again[j] = S_NONE
       fi }
  /* a person undoes it */
  :: atomic { iup == 2 && !calm && CHANGES_MIND (j) && irec[j] != NONE && iundo[j] == 0 -> end_run (j); ifile = 0; iundo[j] = 1 }
  :: atomic { iundo[j] == 1 -> iauth[j] = 0; iundo[j] = 2 }
  :: atomic { iundo[j] == 2 -> irec[j] = NONE; iundone[j] = (jrec[j] != NONE); jundone[j] = 0; iundo[j] = 0 }
  od
}

/* The inviter's process and its invite */
active proctype Host ()
{
  atomic {
    if
    :: ifile = 0
    :: ifile = 1
    fi;
    run Inviter (0); run Inviter (1);
    run Joiner (0); run Joiner (1)
  }
end:
  do
  :: atomic { !calm && iup == 2 && (inv == OPEN || inv == CLAIMED) -> ifile = 0; inv = OVER; claimer = NOBODY; cancelled = 1 }
  :: atomic { !calm && iup > 0 -> /* kill -9 */
       iup = 0; inv = GONE; claimer = NOBODY; guesses = 0; judged = 0; spoken = 0; guessing = 0;
       end_run (0); end_run (1); iundo[0] = 0; iundo[1] = 0;
       again[0] = S_NONE; again[1] = S_NONE }
  :: atomic { iup == 0 ->
       iauth[0] = (irec[0] != NONE);
       iauth[1] = (irec[1] != NONE);
       iup = 1 }
  :: atomic { iup == 1 ->
       if
       :: ifile && !paired (0) && !paired (1) -> inv = OPEN
       :: else -> ifile = 0
       fi;
       iup = 2 }
  :: atomic { iup == 1 && ifile && !calm -> ifile = 0; cancelled = 1; iup = 2 } /* expired meanwhile */
  :: atomic { !calm -> calm = 1 }
  od
}

proctype Joiner (byte j)
{
  jup[j] = 1;
end:
  do
  :: atomic { !calm && jup[j] && jrun[j] == J_NONE && jrec[j] == NONE && jundo[j] == 0 && again[j] == S_NONE ->
       old[j] = has_heard (j);
       stale[j] = (irun[j] != R_NONE);
       if
       :: !stale[j] -> old[j] = 0
       :: else
       fi;
       to_inviter[j] = HELLO; to_joiner[j] = 0;
       jrun[j] = J_SHARE }
  :: atomic { jrun[j] == J_SHARE && (to_joiner[j] & SHARE) -> to_inviter[j] = to_inviter[j] | CONFIRM; jrun[j] = J_OFFER }
  :: atomic { jrun[j] == J_OFFER && (to_joiner[j] & OFFER) -> jrec[j] = PREPARED; jrun[j] = J_PREPARED }
  :: atomic { jrun[j] == J_PREPARED -> to_inviter[j] = to_inviter[j] | ACCEPT; jrun[j] = J_WAIT }
  :: atomic { jrun[j] == J_PREPARED -> end_join (j); jundo[j] = 1 } /* lost before ACCEPT was said */
  :: atomic { jrun[j] == J_WAIT && (to_joiner[j] & IS_COMMITTED) -> jrun[j] = J_COMMIT }
  :: atomic { jrun[j] == J_WAIT && (to_joiner[j] & REFUSED) -> end_join (j); jundo[j] = 1 }
  :: atomic { jrun[j] == J_COMMIT -> jrec[j] = COMMITTED; jrun[j] = J_WRITTEN }
  :: atomic { jrun[j] == J_COMMIT && !calm -> end_join (j) } /* the disk is full */
  :: atomic { jrun[j] == J_WRITTEN -> jauth[j] = 1; jrun[j] = J_APPLIED }
  :: atomic { jrun[j] == J_APPLIED -> to_inviter[j] = to_inviter[j] | DONE; jrun[j] = J_END }
  :: atomic { jrun[j] == J_END && (to_joiner[j] & END) -> jrec[j] = COMPLETE; end_join (j) }
  /* a loss, or the deadline */
  :: atomic { jrun[j] == J_SHARE || jrun[j] == J_OFFER || jrun[j] == J_WAIT || jrun[j] == J_END -> end_join (j) }
  /* RESUME */
  :: atomic { jup[j] && iup == 2 && jrun[j] == J_NONE && (jrec[j] == PREPARED || jrec[j] == COMMITTED) &&
              jundo[j] == 0 && again[j] == S_NONE -> again[j] = S_ASKED }
  :: atomic { again[j] == S_STATUS -> jrec[j] = COMMITTED; again[j] = S_WRITTEN }
  :: atomic { again[j] == S_WRITTEN -> jauth[j] = 1; again[j] = S_SAID }
  :: atomic { again[j] == S_END -> jrec[j] = COMPLETE; again[j] = S_NONE }
  :: atomic { again[j] == S_UNKNOWN -> again[j] = S_NONE; jundo[j] = 1 }
  :: atomic { !calm && again[j] != S_NONE -> again[j] = S_NONE }
  /* a person, or the inviter, undoes it */
  :: atomic { !calm && jup[j] && CHANGES_MIND (j) && jrec[j] != NONE && jundo[j] == 0 ->
       end_join (j); again[j] = S_NONE; jundone[j] = 1; jundo[j] = 1 }
  :: atomic { jundo[j] == 1 -> jauth[j] = 0; jundo[j] = 2 }
  :: atomic { jundo[j] == 2 -> jrec[j] = NONE; iundone[j] = 0; jundo[j] = 0 }
  :: atomic { !calm && jup[j] -> jup[j] = 0; end_join (j); again[j] = S_NONE; jundo[j] = 0 } /* kill -9 */
  :: atomic { !jup[j] -> jauth[j] = (jrec[j] >= COMMITTED); jup[j] = 1 }
  od
}

/* Somebody without the code, with as many names and runs at once as it likes: two do */
active proctype Guesser ()
{
end:
  do
  :: atomic { !calm && iup == 2 && inv == OPEN && spoken && guessing < 2 -> guessing++ }
  :: atomic { !calm && iup == 2 && guessing > 0 ->
       guessing--;
       if
       :: inv == OPEN && spoken ->
            if
            :: RIGHT (GUESSER) -> broken = 1
            :: else ->
                 judged++;
                 guesses++;
                 if
                 :: guesses >= GUESSES -> inv = DEAD; ifile = 0
                 :: else
                 fi
            fi
       :: else /* refused, and not judged */
       fi }
  od
}

/* What must never be, seen from outside in every state */
active proctype Watch ()
{
end:
  do
  :: atomic { iup == 2 && (inv == OPEN || inv == CLAIMED) && (paired (0) || paired (1)) -> assert (false) }
  :: atomic { paired (0) && paired (1) -> assert (false) }
  :: atomic { broken || judged > GUESSES -> assert (false) }
  :: atomic { (jauth[0] && !committed[0]) || (jauth[1] && !committed[1]) -> assert (false) }
  od
}

/* Both have it, or both do not, or a person has said otherwise */
#define neither(j) (irec[j] == NONE && !iauth[j] && jrec[j] == NONE && !jauth[j])
#define both(j)    (irec[j] == COMPLETE && iauth[j] && jrec[j] == COMPLETE && jauth[j])
#define undone(j)                                                                                  \
  ((iundone[j] && irec[j] == NONE && !iauth[j] && jrec[j] == COMPLETE && jauth[j]) ||              \
   (jundone[j] && irec[j] != NONE && iauth[j] && jrec[j] == NONE && !jauth[j]))

active proctype Last ()
{
  timeout;
  assert (calm && iup == 2);
  assert (neither (0) || both (0) || undone (0));
  assert (neither (1) || both (1) || undone (1));
  assert (inv != CLAIMED);
  over = 1
}

#ifdef ENDS
/* Undisturbed, they come to that end: there is no way to go round and round. */
never {
  do
  :: !calm
  :: calm -> break
  od;
accept:
  do
  :: !over
  od
}
#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The words of spoken codes, and how one is found by what was typed. The list is a constant of the protocol, as both
 * sides must know the words alike: it is never changed. Common things with one spelling, of four to eight letters. No
 * two begin with the same four, sound alike, or can be taken for each other by fewer than three slips; nor is the
 * beginning of one another one with a slip. The tests hold it to that.
 */
#include "code/peerup-code-private.h"

#include <string.h>

/* clang-format off */
const char *const peerup_code_words[PEERUP_CODE_N_WORDS] = {
  "acorn", "acrobat", "airport", "album", "almond", "alphabet", "amber", "antenna", "apricot", "aquarium", "arcade",
  "archer", "armchair", "artist", "atlas", "attic", "author", "autumn", "avenue", "avocado", "awning", "bagel",
  "bagpipe", "bakery", "balloon", "bamboo", "banana", "bandage", "banjo", "bathtub", "beach", "beaver", "bedroom",
  "beehive", "beetle", "biscuit", "blender", "blossom", "blouse", "bobcat", "bonfire", "bookcase", "boulder",
  "bowling", "bracelet", "bread", "bridge", "bronze", "brush", "buffalo", "building", "bulldog", "bungalow", "burger",
  "button", "buzzard", "cabbage", "cactus", "calendar", "campfire", "canary", "canteen", "canvas", "capsule",
  "captain", "caravan", "cardinal", "carpet", "carriage", "cartoon", "cattle", "celery", "cello", "cement", "cereal",
  "channel", "charcoal", "cheetah", "cherry", "chestnut", "chimney", "cinema", "cinnamon", "circle", "clarinet",
  "cliff", "closet", "cloud", "cockpit", "coconut", "college", "column", "compass", "concert", "condor", "copper",
  "cottage", "couch", "counter", "coyote", "cradle", "crayon", "crown", "crystal", "cube", "cucumber", "cupboard",
  "cushion", "custard", "cyclist", "daffodil", "dawn", "dentist", "dessert", "diagram", "diamond", "dimple", "dinghy",
  "dinner", "dinosaur", "diploma", "doctor", "dolphin", "doorway", "drizzle", "dryer", "dumpling", "earring", "echo",
  "eclipse", "eggshell", "elbow", "elephant", "engine", "envelope", "eraser", "eyebrow", "fabric", "factory",
  "falcon", "farmer", "faucet", "feather", "festival", "firefly", "flamingo", "flask", "fleet", "flipper", "florist",
  "fondue", "football", "forge", "fortress", "fossil", "foxglove", "freezer", "frost", "funnel", "furnace", "galaxy",
  "gallery", "garden", "garlic", "giraffe", "glacier", "glue", "goblet", "goggles", "goose", "granite", "gravel",
  "grill", "guest", "guide", "guitar", "hairpin", "hallway", "hammock", "hamster", "handbag", "harvest", "haystack",
  "headlamp", "helmet", "heron", "hexagon", "hickory", "highway", "hilltop", "hockey", "holiday", "horizon", "hornet",
  "iceberg", "icing", "igloo", "iguana", "insect", "island", "ivory", "jaguar", "jasmine", "jersey", "jewel",
  "jigsaw", "journal", "juggler", "juniper", "kangaroo", "kernel", "keyboard", "keyhole", "kimono", "kingdom",
  "kitchen", "kiwi", "knee", "knight", "koala", "ladder", "laptop", "lasso", "laundry", "lavender", "leaf", "ledge",
  "lemonade", "leopard", "lettuce", "library", "lilac", "limpet", "linen", "llama", "lobby", "lobster", "logbook",
  "lollipop", "lotion", "lunch", "machine", "magician", "magnolia", "mailbox", "mammoth", "maple", "marina",
  "mattress", "meadow", "medal", "melody", "merchant", "meteor", "midnight", "mineral", "mirror", "mitten", "money",
  "mongoose", "monitor", "morning", "mosaic", "mountain", "movie", "muffin", "mulberry", "museum", "mushroom",
  "muskrat", "napkin", "narwhal", "nature", "necklace", "nectar", "nickel", "noodle", "north", "notebook", "novel",
  "nugget", "nursery", "nutmeg", "nylon", "oasis", "oatmeal", "oboe", "octagon", "octopus", "officer", "olive",
  "opera", "orange", "orbit", "orchard", "origami", "ornament", "ostrich", "otter", "outlet", "overcoat", "oxygen",
  "padlock", "palace", "pancake", "panther", "papaya", "paprika", "parcel", "parsley", "passport", "pasta",
  "pavement", "peacock", "peanut", "pearl", "pebble", "pencil", "penguin", "perfume", "photo", "piano", "piccolo",
  "picnic", "picture", "pigeon", "pillar", "pilot", "pioneer", "pirate", "pizza", "platinum", "plumber", "podium",
  "popcorn", "poppy", "porridge", "portrait", "postcard", "present", "pretzel", "primrose", "profile", "pumpkin",
  "puppet", "puzzle", "pyramid", "quartz", "quilt", "rabbit", "raccoon", "racket", "radar", "radiator", "raft",
  "rainbow", "raisin", "recipe", "reindeer", "remedy", "reptile", "ribbon", "rice", "robin", "rosemary", "roulette",
  "rowboat", "ruler", "saddle", "safari", "sailor", "salad", "sapling", "sardine", "satchel", "satin", "sausage",
  "scanner", "scooter", "scroll", "seagull", "seahorse", "shampoo", "shark", "sheep", "shield", "shower", "shrimp",
  "shrub", "signal", "silver", "sketch", "skirt", "skyline", "sleeve", "sleigh", "snorkel", "soda", "sparrow",
  "speaker", "spider", "spinach", "spiral", "sponge", "sprout", "squash", "squirrel", "stable", "stadium", "stallion",
  "starfish", "sticker", "storm", "straw", "string", "studio", "subway", "sugar", "suitcase", "summer", "sundial",
  "sunset", "tadpole", "tanker", "tavern", "taxi", "teapot", "telegram", "tennis", "thermos", "thicket", "thistle",
  "throne", "thunder", "tiara", "tiger", "tinfoil", "toffee", "tomato", "topaz", "tornado", "tortoise", "toucan",
  "tourist", "traffic", "trailer", "treasure", "treetop", "trellis", "triangle", "trolley", "trombone", "trophy",
  "trowel", "truffle", "trumpet", "trunk", "tugboat", "tundra", "turbine", "turkey", "turnip", "tuxedo", "tweezers",
  "twilight", "typhoon", "unicycle", "uniform", "universe", "urchin", "vacuum", "valve", "vanilla", "varnish",
  "vehicle", "video", "village", "vineyard", "vinyl", "violin", "visitor", "vitamin", "volcano", "voyage", "vulture",
  "waffle", "wagon", "wallaby", "walrus", "wardrobe", "weasel", "wedding", "welder", "whale", "wheat", "whisker",
  "widget", "wildcat", "window", "wizard", "wolf", "wombat", "woodland", "workshop", "wrench", "writer", "yeast",
  "yeti", "zebra", "zigzag", "zinc", "zodiac",
};
/* clang-format on */

const char *
peerup_code_find_word (const char *typed)
{
  gsize length = strlen (typed);
  guint low = 0, high = PEERUP_CODE_N_WORDS;

  if (length < PEERUP_CODE_WORD_MIN)
    return NULL;
  while (low < high)
    {
      guint middle = (low + high) / 2;
      int order = strncmp (typed, peerup_code_words[middle], PEERUP_CODE_WORD_MIN);

      if (order == 0)
        return strncmp (typed, peerup_code_words[middle], length) == 0 ? peerup_code_words[middle] : NULL;
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return NULL;
}

/* Letters to change, add or leave out. @a is at most PEERUP_CODE_WORD_MAX letters long. */
static guint
get_distance (const char *a, const char *b)
{
  guint row[PEERUP_CODE_WORD_MAX + 1], n = (guint) strlen (a);

  for (guint i = 0; i <= n; i++)
    row[i] = i;
  for (guint j = 1; b[j - 1] != '\0'; j++)
    {
      guint diagonal = row[0];

      row[0] = j;
      for (guint i = 1; i <= n; i++)
        {
          guint change = diagonal + (a[i - 1] != b[j - 1]);

          diagonal = row[i];
          row[i] = MIN (change, MIN (row[i], row[i - 1]) + 1);
        }
    }
  return row[n];
}

const char *
peerup_code_nearest_word (const char *typed, guint *distance)
{
  const char *nearest = NULL;

  *distance = G_MAXUINT;
  for (guint i = 0; i < PEERUP_CODE_N_WORDS; i++)
    {
      guint found = get_distance (peerup_code_words[i], typed);

      if (found >= *distance)
        continue;
      *distance = found;
      nearest = peerup_code_words[i];
    }
  return nearest;
}

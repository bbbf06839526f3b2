/** tf.flags. Written by scripts/api.mjs. */
export {
  DEFINE_bool,
  DEFINE_boolean,
  DEFINE_enum,
  DEFINE_float,
  DEFINE_integer,
  DEFINE_list,
  DEFINE_multi_string,
  DEFINE_string,
  FLAGS,
  FlagValues,
  flag,
  markFlagAsRequired,
} from "../core/flags.ts";

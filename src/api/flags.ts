/** tf.flags. Written by scripts/api.mjs. */

export {
  DEFINE_alias,
  DEFINE_enum_class,
  DEFINE_multi_enum,
  DEFINE_multi_float,
  DEFINE_multi_integer,
  DEFINE_spaceseplist,
  markBoolFlagsAsMutualExclusive,
  markFlagsAsMutualExclusive,
  markFlagsAsRequired,
  multiFlagsValidator,
  overrideValue,
  registerMultiFlagsValidator,
  registerValidator,
  setDefault,
  validator,
} from "../core/flags/define.ts";
export { ValidationError } from "../core/flags/validate.ts";
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

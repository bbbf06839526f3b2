/** tf.app.flags. Written by scripts/api.mjs. */

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
export {
  adoptModuleKeyFlags,
  BooleanFlag,
  DEFINE_flag,
  declareKeyFlag,
  disclaimKeyFlags,
  EnumClassFlag,
  EnumFlag,
  Flag,
  MultiEnumClassFlag,
  MultiFlag,
} from "../core/flags/flag_class.ts";
export { DEFINE, DEFINE_multi, DEFINE_multi_enum_class } from "../core/flags/own.ts";
export {
  ArgumentParser,
  ArgumentSerializer,
  BaseListParser,
  BooleanParser,
  CsvListSerializer,
  EnumClassListSerializer,
  EnumClassParser,
  EnumClassSerializer,
  EnumParser,
  FloatParser,
  IntegerParser,
  ListParser,
  ListSerializer,
  WhitespaceSeparatedListParser,
} from "../core/flags/parsers.ts";
export { docToHelp, flagDictToArgs, getHelpWidth, textWrap } from "../core/flags/text.ts";
export { ValidationError } from "../core/flags/validate.ts";
export {
  CantOpenFlagFileError,
  DuplicateFlagError,
  FlagError as Error,
  FlagNameConflictsWithMethodError,
  IllegalFlagValueError,
  UnparsedFlagAccessError,
  UnrecognizedFlagError,
} from "../core/flags/value.ts";
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
  FlagHolder,
  FlagValues,
  flag,
  markFlagAsRequired,
} from "../core/flags.ts";

#pragma once

namespace bascule::directory {

/// The detail of a journal record that tells what attributes were and became: a JSON list of
/// {"attribute", "before", "after"}; a value that was or became absent, or is not for the journal,
/// is left out. A last element {"more": n} counts changes that are left out.
inline constexpr const char* changes_detail = "changes";

/// Of a record that tells what a source changed: the entry's stamp (CSN, time of change), the stamp
/// that was kept of it before, and why it changed when the entry itself did not.
inline constexpr const char* stamp_detail = "csn";
inline constexpr const char* former_stamp_detail = "csnBefore";
inline constexpr const char* cause_detail = "cause";

/// Values of cause_detail.
inline constexpr const char* mapping_cause = "mapping";         ///< other rules fill the attributes
inline constexpr const char* time_cause = "time";               ///< an instant has come
inline constexpr const char* approved_cause = "approved loss";  ///< the guard let values go

}  // namespace bascule::directory

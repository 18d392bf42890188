// Package codes reads the file in which a site lays its own names and codes over the channel table: which local
// code or item is which channel, in which unit, times which factor. What it means to intake and to the sources is
// [schemas.SiteCodes]; this package knows only the file.
package codes

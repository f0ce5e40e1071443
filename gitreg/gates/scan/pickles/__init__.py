"""The pickle machine, emulated: what a load would import, call and change.  Imports nothing that a pickle names."""
